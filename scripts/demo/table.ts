/** A table for a terminal: columns as wide as their longest cell, numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const isNumeric = head.map((_, column) =>
    rows.every((row) => /^(-|[0-9][0-9.,%]*)?$/.test(String(row[column] ?? ''))),
  );
  const line = (cells: readonly (string | number)[]): string =>
    head
      .map((_, column) => {
        const text = String(cells[column] ?? '');
        return isNumeric[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
