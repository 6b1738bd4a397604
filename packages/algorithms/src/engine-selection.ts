/** Picks, once at the start of a sealed process, the engine that runs each algorithm. */
import type { Algorithm } from './algorithm.ts';
import { type Engine, EngineUnavailable } from './engine.ts';

export interface SelectedEngine {
  readonly algorithm: Algorithm;
  /** Undefined where none of the algorithm's engines loads: its keys are then refused, never run elsewhere. */
  readonly selected: { readonly name: string; readonly engine: Engine } | undefined;
  /** Why the engines before the selected one weren't taken. */
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
}

/** Tries each algorithm's engines in order of preference and takes the first that loads. */
export async function selectEngines(algorithms: readonly Algorithm[]): Promise<ReadonlyMap<string, SelectedEngine>> {
  const result = new Map<string, SelectedEngine>();
  for (const algorithm of algorithms) result.set(algorithm.name, await selectEngine(algorithm));
  return result;
}

async function selectEngine(algorithm: Algorithm): Promise<SelectedEngine> {
  const unavailable: { name: string; reason: string }[] = [];
  for (const binding of algorithm.engines) {
    try {
      return { algorithm, selected: { name: binding.name, engine: await binding.load() }, unavailable };
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      unavailable.push({ name: binding.name, reason: error.message });
    }
  }
  return { algorithm, selected: undefined, unavailable };
}
