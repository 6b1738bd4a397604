import type { Dialect } from '../dialects/dialect.ts';

/**
 * The one table from paths to dialects: whatever goes wrong on a path, before or beside a handler, is answered in the
 * shape of the dialect that owns it. Undefined for paths of nobody.
 */
export function createPathOwner(dialects: readonly Dialect[]): (url: string) => Dialect | undefined {
  const prefixes = dialects
    .flatMap((dialect) => dialect.pathPrefixes.map((prefix) => ({ prefix, dialect })))
    .sort((left, right) => right.prefix.length - left.prefix.length);
  return (url) =>
    prefixes.find(({ prefix }) => {
      const next = url.charCodeAt(prefix.length);
      // A prefix ends at a segment: end of text, "/" or "?".
      return url.startsWith(prefix) && (Number.isNaN(next) || next === 0x2f || next === 0x3f);
    })?.dialect;
}
