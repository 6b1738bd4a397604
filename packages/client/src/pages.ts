/** Lists of the service, page by page, as one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** `after` of the next page; absent in the last one. */
  readonly next?: string;
}

/** Every item of a list. A page is asked for when the one before it is used up. */
export async function* everyItem<Item>(
  pageAfter: (after: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let after: string | undefined;
  do {
    const { items, next } = await pageAfter(after);
    yield* items;
    after = next;
  } while (after !== undefined);
}
