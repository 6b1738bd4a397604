import { describe, it } from 'vitest';
import { type Engine, EngineUnavailable } from '../src/engine.ts';

export type FillRandom = (out: Buffer) => void;

/**
 * Runs the same tests on every engine of an algorithm that is on this machine. One that isn't is a skipped test whose
 * title says what is missing; any other failure to load fails the file.
 */
export async function describeEngines(
  loads: Readonly<Record<string, (fillRandom: FillRandom) => Promise<Engine>>>,
  fillRandom: FillRandom,
  describeEngine: (engine: Engine) => void,
): Promise<void> {
  for (const [name, load] of Object.entries(loads)) {
    try {
      const engine = await load(fillRandom);
      describe(name, () => describeEngine(engine));
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      it.skip(`${name} (${error.message})`, () => {});
    }
  }
}
