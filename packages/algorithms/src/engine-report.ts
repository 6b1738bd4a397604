import type { SelectedEngine } from './engine-selection.ts';

/** What `countersign engines` shows and the start logs, one per algorithm. Plain JSON: it crosses processes. */
export interface EngineReport {
  readonly algorithm: string;
  /** Null where none loads: keys of this algorithm are refused. */
  readonly engine: { readonly name: string; readonly description: string } | null;
  /** Better engines that aren't there, each with what to do about it. */
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
  /** Engines that would be taken next. They weren't loaded, so that this says nothing about whether they would. */
  readonly notTried: readonly string[];
}

/** The selection in the order of the registry, without the engines themselves. */
export function reportEngines(selection: ReadonlyMap<string, SelectedEngine>): EngineReport[] {
  return [...selection.values()].map(({ algorithm, selected, unavailable }) => {
    const tried = unavailable.length + (selected === undefined ? 0 : 1);
    return {
      algorithm: algorithm.name,
      engine: selected === undefined ? null : { name: selected.name, description: selected.engine.description },
      unavailable: unavailable.map(({ name, reason }) => ({ name, reason })),
      notTried: algorithm.engines.slice(tried).map((binding) => binding.name),
    };
  });
}
