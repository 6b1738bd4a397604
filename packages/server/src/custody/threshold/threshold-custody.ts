/**
 * Custody `threshold`: this server holds one share, and a signature is made together with other servers, in a room.
 * All items of a request that name the same rooms are one exchange. What fails with one item doesn't harm the others.
 */

import { hash } from 'node:crypto';
import { DomainError } from '@countersign/core/domain-error';
import { idBytes, type KeyId } from '@countersign/core/ids';
import { PermitSet, type PermittedItem } from '@countersign/core/permit';
import type { Custody, CustodySignature, SealedKeyPair } from '@countersign/core/ports/custody';
import type { Room } from '@countersign/core/ports/rooms';
import type { ThresholdShare, ThresholdStore } from '@countersign/core/ports/threshold-store';
import type { Ceremony } from '@countersign/core/signing-item';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type PartyOutcome,
  type SigningElement,
} from '../messages/party-message.ts';
import type { IdentityKeeper } from './identity-keeper.ts';
import type { CeremonyEnd, CeremonyRunner, Stored } from './run-ceremony.ts';
import { schemeDerivation } from './scheme-derivation.ts';

export interface ThresholdCustodyParts {
  readonly shares: ThresholdStore;
  readonly runner: CeremonyRunner;
  readonly identity: IdentityKeeper;
}

interface Placed {
  readonly item: PermittedItem;
  /** In the permit set. */
  readonly place: number;
}

export class ThresholdCustody implements Custody {
  readonly name = 'threshold';
  readonly #parts: ThresholdCustodyParts;

  constructor(parts: ThresholdCustodyParts) {
    this.#parts = parts;
  }

  async sign(permits: PermitSet): Promise<readonly CustodySignature[]> {
    const { batchId, items } = PermitSet.redeem(permits);
    const results = new Array<CustodySignature>(items.length).fill(NO_CEREMONY);
    // By relay, rooms and algorithm: within one request of one dialect that is a single exchange.
    const meetingOf = meetingNames();
    const meetings = Map.groupBy(
      items.map((item, place): Placed => ({ item, place })),
      ({ item }) => (item.ceremony === undefined ? undefined : meetingOf(item.ceremony, item.key.algorithm)),
    );
    await Promise.all(
      [...meetings].map(async ([meeting, placed]) => {
        const ceremony = placed[0]?.item.ceremony;
        if (meeting === undefined || ceremony === undefined) return;
        // What goes wrong in one meeting says nothing of the others.
        const signatures = await this.#signTogether(batchId, ceremony, placed).catch(() =>
          placed.map((): CustodySignature => ({ status: 'unavailable' })),
        );
        placed.forEach(({ place }, index) => {
          results[place] = signatures[index] ?? { status: 'fault' };
        });
      }),
    );
    return results;
  }

  /** Threshold keys come to be between servers, not by one. */
  generate(): Promise<SealedKeyPair> {
    return Promise.reject(new DomainError('not_supported', 'a threshold key is generated together with its parties'));
  }

  importKey(): Promise<SealedKeyPair> {
    return Promise.reject(new DomainError('not_supported', 'a key is imported by dealing it to its parties'));
  }

  async #signTogether(
    batchId: number,
    ceremony: Ceremony,
    placed: readonly Placed[],
  ): Promise<readonly CustodySignature[]> {
    const shares = await this.#findShares(placed);
    const rooms = [...new Set(ceremony.rooms)].sort(byCodeUnits);
    const [carrier, ...others] = rooms;
    if (carrier === undefined) return placed.map(() => NO_CEREMONY);
    const end = await this.#parts.runner.run({
      identity: await this.#parts.identity.sealed(),
      rooms: [carrier, ...others],
      relay: ceremony.relay,
      operation: (room) => signOperation(ceremony, placed, shares, room),
      store: (stored) => this.#reserveNonces(batchId, stored),
    });
    if (end.ok) return resultsOf(end.outcome, ceremony, placed);
    const failed = failureOf(end);
    return placed.map(() => failed);
  }

  async #findShares(placed: readonly Placed[]): Promise<ReadonlyMap<KeyId, ThresholdShare>> {
    const keys = new Map(placed.map(({ item }) => [item.key.id, item.key]));
    const found = await Promise.all([...keys.values()].map((key) => this.#parts.shares.find(key.accountId, key.id)));
    return new Map(found.flatMap((share) => (share?.status === 'complete' ? [[share.id, share]] : [])));
  }

  /**
   * One row for the whole exchange: nonces depend on share, message, room and hellos, so that two copies of a server
   * repeat all nonces of an exchange or none. A row each would cost as much as the signatures once there are millions.
   */
  async #reserveNonces(batchId: number, stored: Stored): Promise<void> {
    if (stored.kind !== 'nonces') throw new DomainError('internal', 'signing stores nothing but nonces');
    const distinct = new Set(stored.hashes.map((nonce) => Buffer.from(nonce).toString('latin1')));
    const all = hash('sha256', Buffer.concat(stored.hashes), 'buffer');
    const isFresh = distinct.size === stored.hashes.length && (await this.#parts.shares.reserveNonces(batchId, [all]));
    if (!isFresh) throw new DomainError('internal', 'a nonce was used before');
  }
}

function signOperation(
  ceremony: Ceremony,
  placed: readonly Placed[],
  shares: ReadonlyMap<KeyId, ThresholdShare>,
  room: Room,
): PartyOperation {
  const first = placed[0]?.item.key.algorithm;
  const algorithm = PARTY_ALGORITHMS.find((known) => known === first);
  if (algorithm === undefined) throw new DomainError('not_supported', `${first} keys have no threshold protocol`);
  const used = [...shares.values()];
  const indexOf = new Map(used.map((share, index) => [share.id, index]));
  const permitted = new Map(placed.map(({ item }) => [item.ceremony?.position, item]));
  const elements = ceremony.rooms.map((name, position): SigningElement => {
    const item = permitted.get(position);
    const share = item === undefined ? undefined : indexOf.get(item.key.id);
    if (item === undefined || share === undefined || room.refused.has(name))
      return { room: name, share: undefined, path: [], merkleRoot: undefined, message: new Uint8Array(0) };
    return { room: name, share, ...schemeDerivation(item.scheme), message: item.bytes };
  });
  return {
    kind: 'sign',
    algorithm,
    shares: used.map((share) => ({
      slot: { keyId: idBytes(share.id), accountId: idBytes(share.accountId), algorithm },
      sealed: share.sealed,
    })),
    elements,
  };
}

/** What sending the items again would help against is `unavailable`; everything else is for the caller to read. */
function failureOf({ error, stored }: Extract<CeremonyEnd, { ok: false }>): CustodySignature {
  if (error.code === 'unavailable') return { status: 'unavailable' };
  if (error.code === 'internal') return { status: stored ? 'unavailable' : 'fault' };
  return { status: 'ceremony-failed', reason: error.message, mayExist: stored };
}

function resultsOf(outcome: PartyOutcome, ceremony: Ceremony, placed: readonly Placed[]): readonly CustodySignature[] {
  if (outcome.kind !== 'signatures' || outcome.elements.length !== ceremony.rooms.length)
    return placed.map((): CustodySignature => ({ status: 'fault' }));
  return placed.map(({ item }): CustodySignature => {
    const element = outcome.elements[item.ceremony?.position ?? -1];
    if (element === undefined) return { status: 'fault' };
    if (element.kind === 'failed')
      return { status: 'ceremony-failed', reason: element.reason, mayExist: element.mayExist };
    // A copy: the reply's buffer holds the whole batch.
    const signature = Uint8Array.from(element.signature);
    return { status: 'signed', signature, signatureDigest: hash('sha256', signature, 'buffer') };
  });
}

/**
 * Names that are the same for items of one exchange. The items of a request share one list of rooms, which is as long
 * as they are many: it is written down once, not for each of them.
 */
function meetingNames(): (ceremony: Ceremony, algorithm: string) => string {
  const written = new Map<readonly string[], string>();
  return ({ relay, rooms }, algorithm) => {
    const list = written.get(rooms) ?? JSON.stringify(rooms);
    written.set(rooms, list);
    return `${JSON.stringify([algorithm, relay])}${list}`;
  };
}

/** The same order on every server, whatever its locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const NO_CEREMONY: CustodySignature = {
  status: 'ceremony-failed',
  reason: 'a threshold key signs in a room with its other parties, and none was named',
  mayExist: false,
};
