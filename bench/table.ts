/** Tables in Markdown, and the figures in them. */
type Alignment = 'left' | 'right';
export type Column<T> = readonly [title: string, alignment: Alignment, cell: (row: T) => string];

export const rate = (perSecond: number | undefined): string => (perSecond === undefined ? '-' : perSecond.toFixed(0));
export const share = (value: number): string => value.toFixed(2);
export const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
export const percent = (value: number | undefined): string =>
  value === undefined ? '-' : `${(100 * value).toFixed(0)} %`;

/** Nothing at all where there are no rows. */
export function section<T>(title: string, rows: readonly T[], columns: readonly Column<T>[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    line(columns.map(([name]) => name)),
    line(columns.map(([, alignment]) => (alignment === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map(([, , cell]) => cell(row)))),
  ].join('\n');
}
