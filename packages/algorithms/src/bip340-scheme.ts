/** How a BIP340 signature is to be made, between the process that prepares it and the one that signs. Pure. */
import type { Scheme } from './algorithm.ts';
import { EngineFailure } from './engine.ts';
import { assertSchemeMembers } from './scheme-members.ts';

/** Our own bound; BIP340 has none. */
export const MAX_BIP340_MESSAGE_BYTES = 65_536;
export const MERKLE_ROOT_BYTES = 32;

export interface Bip340Scheme {
  /** true: aux_rand is 32 zero bytes; false: it is fresh. */
  readonly deterministic: boolean;
  /** Lowercase hex. Empty: BIP341 output key without a script path. Undefined: the key itself, no tweak. */
  readonly merkleRootHex: string | undefined;
}

export function writeBip340Scheme(deterministic: boolean, merkleRoot: Uint8Array | undefined): Scheme {
  if (merkleRoot === undefined) return { deterministic };
  return { deterministic, merkleRoot: Buffer.from(merkleRoot).toString('hex') };
}

/** @throws EngineFailure `invalid_scheme` */
export function parseBip340Scheme(scheme: Scheme): Bip340Scheme {
  assertSchemeMembers(scheme, ['deterministic', 'merkleRoot']);
  const { deterministic, merkleRoot } = scheme as { deterministic?: unknown; merkleRoot?: unknown };
  if (typeof deterministic !== 'boolean') throw new EngineFailure('invalid_scheme', 'deterministic must be a boolean');
  if (merkleRoot === undefined) return { deterministic, merkleRootHex: undefined };
  if (typeof merkleRoot !== 'string' || !/^(?:[0-9a-f]{64})?$/.test(merkleRoot)) {
    throw new EngineFailure('invalid_scheme', 'a merkle root is empty or 32 bytes, in lowercase hex');
  }
  return { deterministic, merkleRootHex: merkleRoot };
}
