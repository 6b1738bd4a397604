/** The machine of a run, without names of hosts or users. */
import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly nodeOpenssl: string;
  readonly opensslCommand: string | undefined;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    // The kernel's version proper; what follows may name the build host.
    system: `${platform()} ${arch()} ${/^[0-9]+(\.[0-9]+)*/.exec(release())?.[0] ?? ''}`,
    node: process.version,
    nodeOpenssl: process.versions.openssl ?? 'none',
    opensslCommand: opensslVersion(),
  };
}

function opensslVersion(): string | undefined {
  try {
    const text = execFileSync('openssl', ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /^OpenSSL [0-9.]+[a-z]?/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}
