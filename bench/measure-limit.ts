/** The raw limit of one algorithm: `openssl speed` and bare loops, the latter again after the service. */
import { type BareLoop, openBareLoop } from './raw/bare-loop.ts';
import { opensslSpeed } from './raw/openssl-speed.ts';
import type { RawLimit } from './results-file.ts';
import type { Subject } from './subjects.ts';

export interface OpenLimit {
  /** A first figure, by which the runs against the service are sized. */
  readonly roughAllCores: number;
  /** Measures the bare loop once more and settles the limit. */
  readonly settle: () => Promise<RawLimit>;
  readonly close: () => void;
}

export async function openLimit(subject: Subject, cores: number, seconds: number): Promise<OpenLimit> {
  const loop: BareLoop = await openBareLoop(subject.task, cores);
  try {
    const one = await loop.run(1, seconds);
    const before = await loop.run(cores, seconds);
    const word = subject.opensslSpeed;
    const opensslOneCore = word === undefined ? undefined : await opensslSpeed(word, 1, seconds);
    const opensslAllCores = word === undefined ? undefined : await opensslSpeed(word, cores, seconds);
    return {
      roughAllCores: before.perSecond,
      close: loop.close,
      settle: async () => {
        const after = await loop.run(cores, seconds);
        loop.close();
        const engineAllCores = (before.perSecond + after.perSecond) / 2;
        return {
          algorithm: subject.name,
          engine: one.engine,
          engineOneCore: one.perSecond,
          engineAllCores,
          drift: (after.perSecond - before.perSecond) / engineAllCores,
          engineCpuMicroseconds: (before.cpuMicroseconds + after.cpuMicroseconds) / 2,
          otherLoad: before.otherLoad === undefined ? undefined : Math.max(before.otherLoad, after.otherLoad ?? 0),
          opensslOneCore,
          opensslAllCores,
          limitAllCores: Math.max(engineAllCores, opensslAllCores ?? 0),
        };
      },
    };
  } catch (error) {
    loop.close();
    throw error;
  }
}
