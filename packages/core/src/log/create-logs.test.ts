import { describe, expect, it } from 'vitest';
import { type AccountId, newId, type PrincipalId } from '../ids.ts';
import type { LogReader, LogRowQuery, StoredLogRow } from '../ports/log-reader.ts';
import type { Caller, Permission } from '../principal.ts';
import { createLogs } from './create-logs.ts';
import { encodeEvent } from './event-entry.ts';
import { leafHashes } from './log-row.ts';
import { MerkleTree } from './merkle-tree.ts';
import { verifyConsistency, verifyInclusion } from './proof.ts';
import { TILE_WIDTH } from './tile.ts';
import { HASH_BYTES } from './tree-hash.ts';

const accountId = newId<AccountId>();
const by = newId<PrincipalId>();

function callerWith(permissions: readonly Permission[]): Caller {
  return {
    principal: {
      id: by,
      accountId,
      kind: 'user',
      name: 'somebody',
      enabled: true,
      defaultGroupId: undefined,
      grants: [{ scope: { kind: 'account' }, permissions }],
      requiresProof: false,
    },
    session: undefined,
    dialect: 'native',
  };
}
const READER = callerWith(['read-log']);

/** A log of events in memory: as many leaves as rows. */
function logOf(count: number): {
  readonly reader: LogReader;
  readonly rows: readonly StoredLogRow[];
  asked: LogRowQuery[];
} {
  const rows = Array.from({ length: count }, (_, index): StoredLogRow => {
    const event = { kind: 'noted', accountId, by: index % 2 === 0 ? by : undefined, details: { index } };
    const body = encodeEvent(event, 1000 + index);
    return { firstLeaf: index, leafCount: 1, phase: 'event', createdAtMs: 1000 + index, body };
  });
  const tree = new MerkleTree();
  const full = new Map<string, Uint8Array>();
  for (const { phase, body } of rows)
    for (const { level, index, hashes } of tree.append(leafHashes(phase, body)))
      full.set(`${level}/${index}`, Uint8Array.from(hashes));
  const asked: LogRowQuery[] = [];
  return {
    rows,
    asked,
    reader: {
      head: async () => ({ size: tree.size, root: tree.root() }),
      readTile: async (level, index) => full.get(`${level}/${index}`) ?? tree.partialTile(level),
      async readRows(query) {
        asked.push(query);
        return { rows: rows.slice(query.fromLeaf, query.fromLeaf + query.limit), next: undefined };
      },
    },
  };
}

describe('createLogs', () => {
  it('is for callers that may read the log, and for no others', async () => {
    const logs = createLogs(logOf(3).reader);
    for (const call of [
      (caller: Caller) => logs.checkpoint(caller),
      (caller: Caller) => logs.entries(caller, { from: 0, limit: 1 }),
      (caller: Caller) => logs.inclusionProof(caller, 0, undefined),
      (caller: Caller) => logs.consistencyProof(caller, 1, undefined),
    ]) {
      await expect(call(callerWith(['read-policies', 'sign']))).rejects.toMatchObject({ code: 'forbidden' });
      await expect(call(READER)).resolves.toBeDefined();
    }
  });

  it('asks for rows of the caller’s own account alone, and decodes them', async () => {
    const { reader, asked } = logOf(3);
    const { entries } = await createLogs(reader).entries(READER, { from: 1, limit: 2 });
    expect(asked).toMatchObject([{ accountId, fromLeaf: 1, limit: 2 }]);
    expect(entries).toMatchObject([
      { firstLeaf: 1, phase: 'event', event: { kind: 'noted', by: undefined, details: { index: 1 } } },
      { firstLeaf: 2, phase: 'event', event: { kind: 'noted', by, details: { index: 2 } } },
    ]);
  });

  it('proves every leaf in every size of the tree that is asked for, across tiles', async () => {
    const { reader, rows } = logOf(TILE_WIDTH + 5);
    const logs = createLogs(reader);
    for (const size of [undefined, 1, 2, 255, 256, 257, 260])
      for (const leaf of [0, 1, 254, 255, 256, 259]) {
        if (size !== undefined && leaf >= size) continue;
        const proof = await logs.inclusionProof(READER, leaf, size);
        const { phase = 'event', body = new Uint8Array() } = rows[leaf] ?? {};
        expect(Buffer.from(proof.leafHash).equals(leafHashes(phase, body))).toBe(true);
        expect(proof.leafHash).toHaveLength(HASH_BYTES);
        expect(verifyInclusion(proof.leafHash, leaf, proof.size, proof.path, proof.root)).toBe(true);
        const { root } = await logOf(proof.size).reader.head();
        expect(Buffer.from(proof.root).equals(root)).toBe(true);
      }
  });

  it('proves that a log continues an older one', async () => {
    const logs = createLogs(logOf(TILE_WIDTH + 5).reader);
    for (const [oldSize, newSize] of [
      [1, undefined],
      [256, 257],
      [100, 256],
      [261, 261],
    ] as const) {
      const proof = await logs.consistencyProof(READER, oldSize, newSize);
      expect(proof.new.size).toBe(newSize ?? 261);
      const old = await logOf(oldSize).reader.head();
      expect(Buffer.from(proof.old.root).equals(old.root)).toBe(true);
      expect(verifyConsistency(oldSize, proof.new.size, old.root, proof.new.root, proof.path)).toBe(true);
    }
  });

  it.each([
    ['a leaf behind the end', 3, undefined],
    ['a leaf behind the size', 2, 2],
    ['size 0', 0, 0],
    ['a size beyond the log', 0, 4],
    ['a negative leaf', -1, undefined],
    ['no number', Number.NaN, undefined],
  ])('refuses to prove %s', async (_name, leaf, size) => {
    await expect(createLogs(logOf(3).reader).inclusionProof(READER, leaf, size)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it.each([
    ['no older log', 0, undefined],
    ['an older log that is larger', 3, 2],
    ['a size beyond the log', 1, 4],
    ['no number', Number.NaN, undefined],
  ])('refuses the continuation of %s', async (_name, oldSize, newSize) => {
    await expect(createLogs(logOf(3).reader).consistencyProof(READER, oldSize, newSize)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
