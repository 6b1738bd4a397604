/** The hash functions of FROST(Ed25519, SHA-512), RFC 9591, section 6.1. H2 has no domain, as in RFC 8032. */
import type { Ed25519Group } from './ed25519-group.ts';

const CONTEXT = 'FROST-ED25519-SHA512-v1';
const RHO = Buffer.from(`${CONTEXT}rho`);
const NONCE = Buffer.from(`${CONTEXT}nonce`);
const MESSAGE = Buffer.from(`${CONTEXT}msg`);
const COMMITMENTS = Buffer.from(`${CONTEXT}com`);

const DIGEST_BYTES = 64;
const SCALAR_BYTES = 32;

/** H1: a binding factor. */
export function hashBindingFactor(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  return hashToScalar(group, [RHO, ...parts]);
}

/** H2: a challenge. */
export function hashChallenge(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  return hashToScalar(group, parts);
}

/** H3: `out` = a nonce. `wide` (64 bytes) is the caller's secret memory, and is wiped. */
export function hashNonce(
  group: Ed25519Group,
  out: Uint8Array,
  wide: Uint8Array,
  randomBytes: Uint8Array,
  secret: Uint8Array,
): void {
  group.hash(wide, [NONCE, randomBytes, secret]);
  group.reduce(out, wide);
  wide.fill(0);
}

/** H4. */
export function hashMessage(group: Ed25519Group, message: Uint8Array): Uint8Array {
  return hash(group, [MESSAGE, message]);
}

/** H5. */
export function hashCommitments(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  return hash(group, [COMMITMENTS, ...parts]);
}

function hash(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  group.hash(digest, parts);
  return digest;
}

function hashToScalar(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  const scalar = new Uint8Array(SCALAR_BYTES);
  group.reduce(scalar, hash(group, parts));
  return scalar;
}
