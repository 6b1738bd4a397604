/** `SIZE:ROOT` as the commands print it; undefined for anything else. */
export function parseCheckpoint(text: string): { readonly size: number; readonly rootHex: string } | undefined {
  const match = /^(0|[1-9][0-9]{0,15}):([0-9a-fA-F]{64})$/.exec(text.trim());
  const size = Number(match?.[1]);
  return match === null || !Number.isSafeInteger(size) ? undefined : { size, rootHex: String(match[2]).toLowerCase() };
}
