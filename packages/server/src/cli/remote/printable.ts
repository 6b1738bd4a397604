/** What others named or wrote, before it reaches a terminal. */

// Control characters could rewrite the screen; bidirectional ones show an address in another order than it has.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** In one line; what isn't seen, or changes how the rest is seen, as U+FFFD. */
export function printable(text: string): string {
  return text.replace(UNSEEN, '\u{fffd}');
}

/** Columns, as wide as their cells; cells are made printable. */
export function columns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable));
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  return shown
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
