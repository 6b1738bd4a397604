/** DSM's form of a time: `20170509T070912Z`, UTC, whole seconds. */
export function dsmTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

const FORM = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** Epoch milliseconds, or undefined for any other form and for dates that no calendar has. */
export function parseDsmTime(text: string): number | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // 20260231 would roll over into March.
  return Number.isNaN(epochMs) || dsmTime(epochMs) !== text ? undefined : epochMs;
}
