/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Whether more follow; the next page begins after the last item. */
  readonly more: boolean;
}

export interface PageQuery<Id> {
  /** Exclusive; undefined: from the start of the list. */
  readonly after: Id | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
}
