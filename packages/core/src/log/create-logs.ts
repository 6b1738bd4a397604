/** Commands on the log, over whatever keeps its rows and tiles. */
import { DomainError } from '../domain-error.ts';
import type { PrincipalId } from '../ids.ts';
import type { LogHead, LogReader, StoredLogRow } from '../ports/log-reader.ts';
import { type Caller, holdsOnAccount } from '../principal.ts';
import { malformed } from './byte-fields.ts';
import { decodeEvent } from './event-entry.ts';
import { decodeIntent } from './intent-entry.ts';
import type { LogEntry, LoggedEvent, Logs } from './logs.ts';
import { decodeOutcome } from './outcome-entry.ts';
import { consistencyProof, inclusionProof, type TileReader, treeRoot } from './proof.ts';
import { TILE_WIDTH } from './tile.ts';
import { HASH_BYTES } from './tree-hash.ts';

/** Of one answer. A row of thousands of signatures is a few hundred kilobytes. */
const MAX_ENTRY_BYTES = 1024 * 1024;

export function createLogs(reader: LogReader): Logs {
  return {
    async checkpoint(caller) {
      requireReading(caller);
      return reader.head();
    },

    async entries(caller, { from, limit }) {
      requireReading(caller);
      const { accountId } = caller.principal;
      const { rows, next } = await reader.readRows({ accountId, fromLeaf: from, limit, maxBytes: MAX_ENTRY_BYTES });
      return { entries: rows.map(decodeRow), next };
    },

    async inclusionProof(caller, leaf, wanted) {
      requireReading(caller);
      const { head, readTile } = await treeOf(reader, wanted);
      if (!(leaf >= 0 && leaf < head.size))
        throw new DomainError('invalid_request', `leaf must be below the size, which is ${head.size}`);
      const path = await inclusionProof(leaf, head.size, readTile);
      const place = leaf % TILE_WIDTH;
      const tile = await readTile(0, Math.floor(leaf / TILE_WIDTH), place + 1);
      const leafHash = tile.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
      return { ...head, leaf, leafHash, path };
    },

    async consistencyProof(caller, oldSize, wanted) {
      requireReading(caller);
      const { head, readTile } = await treeOf(reader, wanted);
      if (!(oldSize > 0 && oldSize <= head.size))
        throw new DomainError('invalid_request', `the old size must be from 1 to the new one, which is ${head.size}`);
      const root = await treeRoot(oldSize, readTile);
      return { old: { size: oldSize, root }, new: head, path: await consistencyProof(oldSize, head.size, readTile) };
    },
  };
}

function requireReading({ principal }: Caller): void {
  if (!holdsOnAccount(principal, 'read-log'))
    throw new DomainError('forbidden', 'the caller lacks the permission read-log');
}

/** The tree of so many leaves, and its tiles: each is read once for a proof. */
async function treeOf(
  reader: LogReader,
  size: number | undefined,
): Promise<{ readonly head: LogHead; readonly readTile: TileReader }> {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const readTile = (level: number, index: number): Promise<Uint8Array> => {
    const name = `${level}/${index}`;
    const known = tiles.get(name);
    if (known !== undefined) return known;
    const tile = reader.readTile(level, index).then((hashes) => {
      if (hashes === undefined) throw new DomainError('internal', `the log lacks tile ${name}`);
      return hashes;
    });
    tiles.set(name, tile);
    return tile;
  };
  const head = await reader.head();
  if (size === undefined || size === head.size) return { head, readTile };
  if (!(size > 0 && size < head.size))
    throw new DomainError('invalid_request', `the size must be from 1 to that of the log, which is ${head.size}`);
  return { head: { size, root: await treeRoot(size, readTile) }, readTile };
}

function decodeRow({ phase, ...row }: StoredLogRow): LogEntry {
  switch (phase) {
    case 'intent':
    case 'refusal':
      return { ...row, phase, intent: decodeIntent(row.body) };
    case 'outcome':
      return { ...row, phase, outcome: decodeOutcome(row.body) };
    case 'event':
      return { ...row, phase, event: eventOf(row.body) };
  }
}

function eventOf(body: Uint8Array): LoggedEvent {
  const parsed = JSON.parse(decodeEvent(body).json) as {
    readonly kind?: unknown;
    readonly by?: unknown;
    readonly details?: unknown;
  };
  if (typeof parsed.kind !== 'string' || typeof parsed.details !== 'object' || parsed.details === null)
    throw malformed();
  return {
    kind: parsed.kind,
    by: typeof parsed.by === 'string' ? (parsed.by as PrincipalId) : undefined,
    details: parsed.details as LoggedEvent['details'],
  };
}
