/** Keeps the number of time series finite whatever callers pass as a label. */

/** @returns a function that passes on the first `limit` different values and says `other` for any further one */
export function boundedLabel(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= limit || value.length > 128) return 'other';
    seen.add(value);
    return value;
  };
}
