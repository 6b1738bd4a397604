import { UsageError } from './usage-error.ts';

const DEFAULT_LIMIT = 50;

/** As many as `--limit` says; the rest isn't asked for. @throws UsageError */
export async function* firstItems<Item>(items: AsyncIterable<Item>, limit: string | undefined): AsyncGenerator<Item> {
  const most = limit === undefined ? DEFAULT_LIMIT : /^\d{1,7}$/.test(limit) ? Number(limit) : 0;
  if (most < 1) throw new UsageError('--limit takes a number from 1.');
  let count = 0;
  for await (const item of items) {
    yield item;
    count += 1;
    if (count === most) return;
  }
}
