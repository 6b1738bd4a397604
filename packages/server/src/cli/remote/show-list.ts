import { columns } from './printable.ts';
import type { RemoteContext } from './remote-command.ts';

/** One line of JSON for each item as it comes, or a table at the end. */
export async function showList<Item>(
  { io, isJson, show }: Pick<RemoteContext<Record<string, never>>, 'io' | 'isJson' | 'show'>,
  items: AsyncIterable<Item>,
  headings: readonly string[],
  row: (item: Item) => readonly string[],
): Promise<undefined> {
  const rows: (readonly string[])[] = [];
  for await (const item of items) {
    if (isJson) show(item, () => '');
    else rows.push(row(item));
  }
  if (!isJson) io.stdout(rows.length === 0 ? 'There are none.\n' : columns([headings, ...rows]));
}
