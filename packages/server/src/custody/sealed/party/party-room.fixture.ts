/** Party processes without the processes: several servers' operations in one room, each with its own root key. */
import { randomSecret } from '@countersign/algorithms/secret-memory';
import { decode, encode } from '@countersign/threshold/codec';
import { FRAME_HEADER_BYTES } from '../../frames.ts';
import {
  type PartyOperation,
  type PartyReply,
  type PartyRequest,
  partyReply,
  partyRequest,
  type SealSlot,
  type SessionReply,
} from '../../messages/party-message.ts';
import type { Operations } from '../serve.ts';
import { loadSchemes } from './load-schemes.ts';
import { type PartyOptions, partyOperations } from './party-operations.ts';

export interface TestParty {
  /** Everything that it stores can be opened with this. */
  readonly rootKey: Buffer;
  readonly identity: Uint8Array;
  readonly persistentKeygenId: string;
  readonly operations: Operations;
  ask(request: PartyRequest): PartyReply;
  /** A row with fresh secrets. */
  createKey(algorithm: SealSlot['algorithm']): {
    readonly slot: SealSlot;
    readonly sealed: Uint8Array;
    readonly keygenId: string;
  };
}

const OPTIONS: PartyOptions = { allowFullExport: true, backup: { mode: 'plaintext' } };

export async function startTestParty(options: PartyOptions = OPTIONS): Promise<TestParty> {
  const rootKey = randomSecret(32);
  const operations = partyOperations(await loadSchemes(), rootKey, options);
  const serve = [...operations.serve.values()][0];
  if (serve === undefined) throw new Error('no operation');
  const ask = (request: PartyRequest): PartyReply => {
    const frame = serve(Buffer.concat([Buffer.from([1, 0, 0, 0]), encode(partyRequest, request)]));
    return decode(partyReply, Buffer.from(frame.subarray(FRAME_HEADER_BYTES + 4)));
  };
  const made = expectReply(ask({ kind: 'create-identity' }), 'identity');
  const identity = Uint8Array.from(made.sealed);
  let keys = 0;
  return {
    rootKey,
    identity,
    persistentKeygenId: made.persistentKeygenId,
    operations,
    ask,
    createKey: (algorithm) => {
      keys += 1;
      const slot: SealSlot = {
        keyId: new Uint8Array(16).fill(keys),
        accountId: new Uint8Array(16).fill(255),
        algorithm,
      };
      const { sealed, keygenId } = expectReply(ask({ kind: 'create-key', identity, slot }), 'key');
      return { slot, sealed: Uint8Array.from(sealed), keygenId };
    },
  };
}

export function expectReply<Kind extends PartyReply['kind']>(
  reply: PartyReply,
  kind: Kind,
): Extract<PartyReply, { kind: Kind }> {
  if (reply.kind !== kind) throw new Error(`expected ${kind}: ${JSON.stringify(reply)}`);
  return reply as Extract<PartyReply, { kind: Kind }>;
}

export interface Seat {
  readonly party: TestParty;
  readonly operation: PartyOperation;
}

export interface SeatEnd {
  readonly progress: SessionReply['progress'];
  /** What was asked to be stored, in order. */
  readonly kept: readonly NonNullable<SessionReply['keep']>[];
}

export interface RoomScript {
  /** Undefined drops the frame. */
  readonly onFrame?: (from: number, to: number, frame: Uint8Array, index: number) => Uint8Array | undefined;
  /** false: this seat is gone from here on, before what it was to store is stored. */
  readonly onKeep?: (seat: number, keep: NonNullable<SessionReply['keep']>, index: number) => boolean;
  /** false: gone after it was stored, before anything else leaves. */
  readonly afterKeep?: (seat: number, index: number) => boolean;
}

let nextSession = 1;

/** Runs one operation of all seats in one room until nothing moves any more; who then still waits is timed out. */
export function meet(room: string, seats: readonly Seat[], script: RoomScript = {}): readonly SeatEnd[] {
  const sessions = seats.map(() => nextSession++);
  const ends = seats.map(
    (): { progress: SessionReply['progress']; kept: NonNullable<SessionReply['keep']>[]; gone: boolean } => ({
      progress: { kind: 'waiting' },
      kept: [],
      gone: false,
    }),
  );
  const queue: { readonly from: number; readonly to: number; readonly frame: Uint8Array }[] = [];
  let frames = 0;

  const take = (seat: number, reply: PartyReply): void => {
    const end = ends[seat];
    const { party } = seats[seat] ?? {};
    if (end === undefined || party === undefined || end.gone) return;
    if (reply.kind !== 'session') {
      end.progress = { kind: 'aborted', reason: reply.kind === 'refused' ? reply.reason : reply.kind };
      return;
    }
    for (const frame of reply.send) {
      seats.forEach((_, to) => {
        if (to !== seat) queue.push({ from: seat, to, frame: Uint8Array.from(frame) });
      });
    }
    end.progress = reply.progress;
    if (reply.keep === undefined) return;
    const index = end.kept.length;
    if (script.onKeep?.(seat, reply.keep, index) === false) {
      end.gone = true;
      return;
    }
    end.kept.push(structuredClone(reply.keep));
    if (script.afterKeep?.(seat, index) === false) {
      end.gone = true;
      return;
    }
    take(seat, party.ask({ kind: 'kept', session: sessions[seat] ?? 0 }));
  };

  seats.forEach(({ party, operation }, seat) => {
    const { identity } = party;
    take(
      seat,
      party.ask({ kind: 'open', session: sessions[seat] ?? 0, identity, room, size: seats.length, operation }),
    );
  });
  const drain = (): void => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { from, to, frame } = next;
      const arrived = script.onFrame === undefined ? frame : script.onFrame(from, to, frame, frames++);
      const seat = seats[to];
      if (arrived === undefined || seat === undefined || ends[to]?.gone !== false) continue;
      if (ends[to]?.progress.kind === 'aborted') continue;
      take(
        to,
        seat.party.ask({ kind: 'deliver', session: sessions[to] ?? 0, frames: [{ slot: from, frame: arrived }] }),
      );
    }
  };
  drain();
  seats.forEach(({ party }, seat) => {
    if (ends[seat]?.progress.kind === 'waiting')
      take(seat, party.ask({ kind: 'time-out', session: sessions[seat] ?? 0 }));
  });
  drain();
  seats.forEach(({ party }, seat) => void party.ask({ kind: 'close', session: sessions[seat] ?? 0 }));
  return ends;
}
