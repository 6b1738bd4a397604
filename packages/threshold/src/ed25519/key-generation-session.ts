import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { ProtocolAbort } from '../protocol.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { liftX25519PublicKey } from './montgomery-map.ts';

/** More holders than anybody has; bounds what a message can ask for. */
export const MAX_HOLDERS = 255;

const KEY_BYTES = 32;
const SESSION_TAG = 'countersign/ed25519/key-generation/session/v1';

/** What all parties agree on before they make a key. The order of the parties is theirs for the key's life. */
export interface KeyGenerationSession {
  /** 32 bytes that no other session has. */
  readonly session: Uint8Array;
  /** How many parties it takes to sign. */
  readonly threshold: number;
  /** Ed25519, 32 bytes each: who signs the certificate. */
  readonly identities: readonly Uint8Array[];
  /** X25519, 32 bytes each, made for this one key: what shares are encrypted to. */
  readonly dealKeys: readonly Uint8Array[];
}

/**
 * 32 bytes that name the session, for callers to compare, and that every message is bound to.
 * @throws RangeError for a session that can't be
 * @throws ProtocolAbort naming whose deal key isn't one
 */
export function hashSession(group: Ed25519Group, session: KeyGenerationSession): Uint8Array {
  const { identities, dealKeys, threshold } = session;
  const parties = identities.length;
  if (session.session.length !== KEY_BYTES) throw new RangeError('a session has 32 bytes');
  if (parties < 1 || parties > MAX_HOLDERS) throw new RangeError(`a key has 1 to ${MAX_HOLDERS} holders`);
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > parties) {
    throw new RangeError('the threshold is between 1 and the number of holders');
  }
  if (dealKeys.length !== parties) throw new RangeError('one deal key of each party');
  assertDistinct('identity key', identities);
  assertDistinct('deal key', dealKeys);
  const culprits = dealKeys.flatMap((key, i) => (liftX25519PublicKey(group, key) === undefined ? [i] : []));
  if (culprits.length > 0) throw new ProtocolAbort(culprits, "a deal key isn't a public key");

  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(parties);
  counts.writeUInt32LE(threshold, 4);
  return taggedHash(SESSION_TAG, session.session, counts, ...identities, ...dealKeys);
}

function assertDistinct(what: string, keys: readonly Uint8Array[]): void {
  const seen = new Map<string, number>();
  for (const [i, key] of keys.entries()) {
    if (key.length !== KEY_BYTES) throw new RangeError(`the ${what} of party ${i} hasn't 32 bytes`);
    const name = Buffer.from(key).toString('hex');
    const earlier = seen.get(name);
    if (earlier !== undefined) throw new RangeError(`parties ${earlier} and ${i} have one ${what}`);
    seen.set(name, i);
  }
}
