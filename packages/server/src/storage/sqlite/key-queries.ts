/** Queries of keys that return rows of one column; each is one walk along an index (`key-families.test.ts`). */
export const KEY_QUERIES = {
  idsOfAccount: 'SELECT id FROM keys WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?',
  idsOfGroup: 'SELECT id FROM keys WHERE account_id = ? AND group_id = ? AND id > ? ORDER BY id LIMIT ?',
  /** For somebody who sees no key that is delegated to others: partial indexes, so that theirs aren't walked over. */
  openIdsOfAccount: `SELECT id FROM keys WHERE account_id = ? AND id > ? AND delegated_to IS NULL ORDER BY id LIMIT ?`,
  openIdsOfGroup: `SELECT id FROM keys
    WHERE account_id = ? AND group_id = ? AND id > ? AND delegated_to IS NULL ORDER BY id LIMIT ?`,
  idsOfDelegate: 'SELECT id FROM keys WHERE delegated_to = ? AND id > ? ORDER BY id LIMIT ?',
  highestChild: `SELECT child_path FROM keys WHERE derived_from = ? AND length(child_path) = 4
    ORDER BY child_path DESC LIMIT 1`,
} as const;
