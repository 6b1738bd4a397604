/**
 * What a row of the log is. Its leaves follow from `phase` and `body` alone; whatever else a store keeps beside them
 * (index of the first leaf, number of leaves, batch id, account, time) repeats what they say, so that rows can be found.
 */
import { malformed } from './byte-fields.ts';
import { decodeEvent } from './event-entry.ts';
import { intentLeafData } from './intent-entry.ts';
import { outcomeLeafHashes } from './outcome-entry.ts';
import { hashLeaf } from './tree-hash.ts';

export const LOG_PHASES = ['intent', 'refusal', 'outcome', 'event'] as const;
export type LogPhase = (typeof LOG_PHASES)[number];

const LEAF_HASHES: Readonly<Record<LogPhase, (body: Uint8Array) => Uint8Array>> = {
  intent: (body) => hashLeaf(intentLeafData(body)),
  refusal: (body) => hashLeaf(intentLeafData(body)),
  outcome: outcomeLeafHashes,
  event: (body) => {
    decodeEvent(body);
    return hashLeaf(body);
  },
};

/**
 * Hashes of the leaves of a row, 32 bytes each, in order.
 * @throws DomainError `internal` for a malformed row or an unknown phase
 */
export function leafHashes(phase: string, body: Uint8Array): Uint8Array {
  if (!Object.hasOwn(LEAF_HASHES, phase)) throw malformed();
  return LEAF_HASHES[phase as LogPhase](body);
}
