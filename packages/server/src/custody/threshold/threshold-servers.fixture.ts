/**
 * Several servers' threshold custody in one process, for tests: each with a database, a root key and a party process's
 * operations of its own; the relay between them is real. What crosses the seams can be watched and disturbed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomSecret } from '@countersign/algorithms/secret-memory';
import { parseApiKey } from '@countersign/core/api-key';
import { installOnce } from '@countersign/core/install';
import { BUILT_IN_RULES } from '@countersign/core/policy/built-in-rules';
import type { Ceremonies } from '@countersign/core/ports/ceremonies';
import type { Room, RoomEvents, Rooms } from '@countersign/core/ports/rooms';
import type { Caller, Principal } from '@countersign/core/principal';
import { createSignBatch, type SignBatch } from '@countersign/core/sign-batch';
import { createThresholdKeys } from '@countersign/core/threshold/create-threshold-keys';
import type { ThresholdKeys } from '@countersign/core/threshold/threshold-keys';
import { createMeetingRooms } from '../../relay/meeting-rooms.ts';
import { createRelayClient } from '../../relay/relay-client.ts';
import { createRelay } from '../../relay/relay-server.ts';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.ts';
import type { Store } from '../../storage/store.ts';
import { FRAME_HEADER_BYTES } from '../frames.ts';
import type { PoolWork } from '../pool-work.ts';
import { loadSchemes } from '../sealed/party/load-schemes.ts';
import { type PartyOptions, partyOperations } from '../sealed/party/party-operations.ts';
import type { Operations } from '../sealed/serve.ts';
import { IdentityKeeper } from './identity-keeper.ts';
import { PartyLink } from './party-link.ts';
import { CeremonyRunner, type CeremonyTimes } from './run-ceremony.ts';
import { ThresholdCeremonies } from './threshold-ceremonies.ts';
import { ThresholdCustody } from './threshold-custody.ts';

export interface ThresholdServer {
  readonly store: Store;
  readonly keys: ThresholdKeys;
  readonly custody: ThresholdCustody;
  readonly runner: CeremonyRunner;
  readonly signBatch: SignBatch;
  readonly identity: IdentityKeeper;
  readonly caller: Caller;
  /** Faults of operations that nobody waited for. */
  readonly faults: unknown[];
  /** What is done to frames before they leave; undefined drops one. */
  onSend: ((frame: Uint8Array) => Uint8Array | undefined) | undefined;
  /** Ends the party process, and starts another with the same root key. */
  killParty(): void;
}

export interface ThresholdServers {
  readonly servers: readonly ThresholdServer[];
  room(size: number): string;
  close(): Promise<void>;
}

export interface ThresholdServersOptions {
  readonly times?: CeremonyTimes;
  readonly party?: PartyOptions;
}

const FAST: CeremonyTimes = { joinMs: 2_000, totalMs: 6_000, silenceMs: 1000 };
const OPEN: PartyOptions = { allowFullExport: true, backup: { mode: 'plaintext' } };

export async function startThresholdServers(
  count: number,
  { times = FAST, party = OPEN }: ThresholdServersOptions = {},
): Promise<ThresholdServers> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-threshold-'));
  const relay = createRelay();
  const client = createRelayClient({ allow: () => ({ allowed: false, reason: 'not in tests' }) });
  const schemes = await loadSchemes();
  const started = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const store = await openSqliteStore({ path: join(folder, `${index}.sqlite`) });
      const apiKey = (await installOnce(store.directory, undefined, Date.now()))?.apiKeyText;
      const administrator = apiKey === undefined ? undefined : parseApiKey(apiKey);
      const principal = administrator && (await store.directory.principal(administrator.principalId));
      if (principal === undefined) throw new Error('no administrator');
      return { store, server: serverOver(store, principal) };
    }),
  );

  function serverOver(store: Store, principal: Principal): ThresholdServer {
    const rootKey = randomSecret(32);
    const process: { operations: Operations } = { operations: partyOperations(schemes, rootKey, party) };
    const link = new PartyLink({ submit: (work) => answer(process.operations, work) });
    const meeting = createMeetingRooms({ client, own: { relay }, other: undefined });
    const rooms: Rooms = {
      create: (size) => meeting.create(size),
      join: async (at, ids, events: RoomEvents): Promise<Room> => {
        const room = await meeting.join(at, ids, events);
        return {
          size: room.size,
          refused: room.refused,
          send: (frame) => {
            const sent = server.onSend === undefined ? frame : server.onSend(frame);
            if (sent !== undefined) room.send(sent);
          },
          leave: () => room.leave(),
        };
      },
    };
    const identity = new IdentityKeeper(store.threshold, link);
    const runner = new CeremonyRunner(link, rooms, times);
    const ceremonies: Ceremonies = new ThresholdCeremonies({
      party: link,
      runner,
      rooms,
      identity,
      shareBackup: party.backup.mode,
    });
    const custody = new ThresholdCustody({ shares: store.threshold, runner, identity });
    const faults: unknown[] = [];
    const now = Date.now;
    const server: ThresholdServer = {
      store,
      identity,
      runner,
      custody,
      faults,
      caller: { principal, session: undefined, dialect: 'vertex' },
      keys: createThresholdKeys({
        shares: store.threshold,
        ceremonies,
        clusters: store.clusters,
        policies: store.policies,
        now,
        allowFullExport: party.allowFullExport,
        record: (event) => store.log.appendEvent(event),
        onBackgroundFault: (error) => faults.push(error),
      }),
      signBatch: createSignBatch({
        keys: store.keys,
        directory: store.directory,
        journal: store.journal,
        custodies: new Map([[custody.name, custody]]),
        verifier: { verify: () => Promise.reject(new Error('nothing is verified here')) },
        rules: BUILT_IN_RULES,
        external: undefined,
        governance: undefined,
        now,
        observe: () => undefined,
      }),
      onSend: undefined,
      killParty: () => {
        process.operations.close();
        process.operations = partyOperations(schemes, rootKey, party);
      },
    };
    return server;
  }

  return {
    servers: started.map(({ server }) => server),
    room: (size) => {
      const made = relay.createRoom(size);
      if (made?.ok !== true) throw new Error('no room');
      return made.id;
    },
    close: async () => {
      await relay.close(0);
      client.close();
      await Promise.all(started.map(({ store }) => store.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a pool with one process does: each message is answered later, in order. */
function answer(operations: Operations, work: PoolWork): void {
  const { frame, complete } = work.take(Number.POSITIVE_INFINITY);
  // A copy, as after a socket: what was sent is wiped by its sender.
  const body = Buffer.from(frame.subarray(FRAME_HEADER_BYTES));
  setImmediate(() => {
    const [serve] = [...operations.serve.values()];
    if (serve === undefined) throw new Error('no operation');
    complete(Buffer.from(serve(body).subarray(FRAME_HEADER_BYTES)));
  });
}
