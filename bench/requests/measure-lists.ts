/** Pages of lists of signature requests, before and after many were stored. */
import { randomBytes } from 'node:crypto';
import { idBytes, type KeyId, parseId, type RequestId } from '@countersign/core/ids';
import { parsePrefixedId, writeId } from '@countersign/server/dialects/prefixed-id';
import { startService } from '../../scripts/demo/service-process.ts';
import { percentile } from '../load/percentile.ts';
import { addActionUser, changeByThreeCalls, openUserConnection, text } from './action-user.ts';
import { BearerConnection } from './bearer-connection.ts';
import type { RequestsPlan } from './requests-plan.ts';
import type { ListRow } from './requests-results.ts';
import { type FilledIds, fillRequests } from './stored-requests.ts';

const PAGE_ITEMS = 100;
/** Stored before the first measurement: enough for full pages at every position. */
const FEW = 20_000;

const WARM_UP_PAGES = 20;

interface List {
  readonly name: string;
  readonly path: string;
  readonly cursor: 'paginationToken' | 'after';
}

interface Stage {
  readonly stored: number;
  readonly ids: FilledIds;
}

export async function measureLists(
  plan: RequestsPlan,
): Promise<{ readonly rows: readonly ListRow[]; readonly fillSeconds: number }> {
  const service = await startService();
  let writer: BearerConnection | undefined;
  try {
    const user = await addActionUser(service);
    const connection = await openUserConnection(service, user);
    writer = connection;
    const make = async (path: string, body: unknown): Promise<string> =>
      text(await changeByThreeCalls(connection, user, 'POST', path, JSON.stringify(body)), 'id');
    const key = await make('/keys', { scheme: 'ECDSA', curve: 'secp256k1', name: 'many requests' });
    const smallKey = await make('/keys', { scheme: 'ECDSA', curve: 'secp256k1', name: 'few requests' });
    const hash = `0x${randomBytes(32).toString('hex')}`;
    const request = await make(`/keys/${key}/signatures`, { kind: 'Hash', hash });
    const { dataDir } = service;
    const parts = {
      dataDir,
      requestId: bytesOf(parsePrefixedId('sig', request)),
      keyId: bytesOf(parsePrefixedId('key', key)),
      smallKeyId: bytesOf(parsePrefixedId('key', smallKey)),
    };
    // Before this process is busy writing: the service closes connections that are silent for long.
    connection.close();
    const lists = listsOf(key, smallKey);
    const readAll = async (stage: Stage): Promise<readonly ListRow[]> => {
      const reader = await BearerConnection.open(service.host, service.port, user.accessToken);
      try {
        return await readLists(reader, lists, stage, plan.pages);
      } finally {
        reader.close();
      }
    };
    const rows: ListRow[] = [];
    const few: Stage = { stored: FEW, ids: fillRequests(parts, FEW) };
    rows.push(...(await readAll(few)));
    const startedMs = performance.now();
    const many: Stage = { stored: plan.storedRequests, ids: fillRequests(parts, plan.storedRequests - FEW) };
    const fillSeconds = (performance.now() - startedMs) / 1000;
    rows.push(...(await readAll(many)));
    return { rows, fillSeconds };
  } finally {
    writer?.close();
    await service.stop();
  }
}

function listsOf(key: string, smallKey: string): readonly List[] {
  return [
    { name: 'of a key', path: `/keys/${key}/signatures?`, cursor: 'paginationToken' },
    { name: 'of a key that has few', path: `/keys/${smallKey}/signatures?`, cursor: 'paginationToken' },
    { name: 'all', path: '/api/v1/requests?', cursor: 'after' },
    { name: 'signed', path: '/api/v1/requests?status=signed&', cursor: 'after' },
    { name: 'failed (1 in 100)', path: '/api/v1/requests?status=failed&', cursor: 'after' },
    { name: 'pending (none)', path: '/api/v1/requests?status=pending&', cursor: 'after' },
  ];
}

async function readLists(
  reader: BearerConnection,
  lists: readonly List[],
  { stored, ids }: Stage,
  pages: number,
): Promise<readonly ListRow[]> {
  const rows: ListRow[] = [];
  for (const list of lists) {
    const read = async (after: string | undefined): Promise<number> => {
      const cursor = after === undefined ? '' : `&${list.cursor}=${after}`;
      const { items } = await reader.demand('GET', `${list.path}limit=${PAGE_ITEMS}${cursor}`);
      if (!Array.isArray(items)) throw new Error('a page without items');
      return items.length;
    };
    for (const [position, after] of [
      ['start', undefined],
      ['middle', wireId(ids.middle)],
      ['end', wireId(ids.end)],
    ] as const) {
      for (let page = 0; page < Math.min(WARM_UP_PAGES, pages); page++) await read(after);
      const latenciesMs = new Float64Array(pages);
      let items = 0;
      for (let page = 0; page < pages; page++) {
        const startedMs = performance.now();
        items = await read(after);
        latenciesMs[page] = performance.now() - startedMs;
      }
      latenciesMs.sort();
      const figures = { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
      rows.push({ list: list.name, position, stored, items, ...figures });
    }
  }
  return rows;
}

function bytesOf(id: KeyId | RequestId | undefined): Uint8Array {
  if (id === undefined) throw new Error('an id that the service gave is none');
  return idBytes(id);
}

function wireId(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  const id = parseId<RequestId>(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
  if (id === undefined) throw new Error('not an id');
  return writeId('sig', id);
}
