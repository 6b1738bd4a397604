import { UsageError } from './usage-error.ts';

/** A week. */
const MAX_SECONDS = 604_800;

/** @throws UsageError */
export function readSeconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= MAX_SECONDS)) throw new UsageError(`${option} takes seconds, at most ${MAX_SECONDS}.`);
  return seconds;
}
