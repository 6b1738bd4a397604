/**
 * A complaint about a dealt share, which everybody can judge: the recipient shows the Diffie-Hellman point that the
 * share was encrypted with, and proves (Chaum and Pedersen, 1992) that it's the product of its deal key and the dealer's
 * ephemeral key. Then everybody opens the share and sees who lied. Only this one share becomes public; the deal key
 * doesn't, and the accused learns nothing, since it has proved that it knows its ephemeral secret: a dealer that reused
 * another's ephemeral key could otherwise have that one's share revealed.
 *
 * Both X25519 keys are taken as points of Ed25519's group (`montgomery-map.ts`), which settles them up to their sign;
 * the complainer chooses its secret's sign to fit.
 */
import { type Codec, fixed, struct, u16 } from '../codec.ts';
import type { Point } from '../group.ts';
import { evaluateCommitments } from '../polynomial.ts';
import type { SecretMemory } from '../secret-memory.ts';
import { openShare } from '../share-encryption.ts';
import { type DealerContext, type Dealing, sealedShareOf } from './dealing.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import { liftX25519PublicKey, liftX25519Secret, x25519Coordinate } from './montgomery-map.ts';

export interface Complaint {
  readonly dealer: number;
  /** The Diffie-Hellman point, encoded. */
  readonly sharedPoint: Uint8Array;
  readonly challenge: Uint8Array;
  readonly response: Uint8Array;
}

export const complaintMessage: Codec<Complaint> = struct<Complaint>({
  dealer: u16,
  sharedPoint: fixed(32),
  challenge: fixed(32),
  response: fixed(32),
});

const TAG = Buffer.from('countersign/ed25519/key-generation/complaint/v1');
const NONCE_TAG = Buffer.from('countersign/ed25519/key-generation/complaint-nonce/v1');
const SCALAR_BYTES = 32;
const DIGEST_BYTES = 64;

/** @param dealSecret the complainer's X25519 secret, 32 bytes in secret memory; the caller's */
export function complain(
  group: Ed25519Group,
  memory: SecretMemory,
  context: DealerContext,
  { message }: Dealing,
  complainer: number,
  dealSecret: Uint8Array,
): Complaint {
  const { dealKey, ephemeralKey } = sealedShareOf(context, message, complainer).context;
  const dealPoint = liftX25519PublicKey(group, dealKey);
  const ephemeralPoint = liftX25519PublicKey(group, ephemeralKey);
  if (dealPoint === undefined || ephemeralPoint === undefined) throw new RangeError('not a public key');

  const secrets = memory.allocate(3 * SCALAR_BYTES + DIGEST_BYTES);
  const secret = secrets.subarray(0, SCALAR_BYTES);
  const nonce = secrets.subarray(SCALAR_BYTES, 2 * SCALAR_BYTES);
  const product = secrets.subarray(2 * SCALAR_BYTES, 3 * SCALAR_BYTES);
  const wide = secrets.subarray(3 * SCALAR_BYTES);
  try {
    liftX25519Secret(group, secret, dealSecret, dealPoint);
    const sharedPoint = new Uint8Array(SCALAR_BYTES);
    group.diffieHellman(sharedPoint, secret, ephemeralPoint);
    // Deterministic, as in RFC 8032: the secret and everything that the challenge depends on.
    group.hash(wide, [NONCE_TAG, dealSecret, ...statementOf(group, context, complainer, message.ephemeralKey)]);
    group.reduce(nonce, wide);
    const secondCommitment = new Uint8Array(SCALAR_BYTES);
    group.diffieHellman(secondCommitment, nonce, ephemeralPoint);
    const challenge = challengeOf(group, [
      ...statementOf(group, context, complainer, message.ephemeralKey),
      ...[dealKey, sharedPoint, group.encode(group.multiplyBase(nonce)), secondCommitment],
    ]);
    group.multiplyScalars(product, secret, challenge);
    group.addScalars(product, product, nonce);
    return { dealer: context.dealer, sharedPoint, challenge, response: Uint8Array.from(product) };
  } finally {
    memory.free(secrets);
  }
}

/** Who lied. The dealing has passed `checkDealing`. */
export function judge(
  group: Ed25519Group,
  memory: SecretMemory,
  context: DealerContext,
  { message, commitments }: Dealing,
  complainer: number,
  complaint: Complaint,
): 'dealer' | 'complainer' {
  const { sealed, context: sealing } = sealedShareOf(context, message, complainer);
  const shared = provenCoordinate(group, context, complainer, complaint, sealing.dealKey, message.ephemeralKey);
  if (shared === undefined) return 'complainer';
  const share = memory.allocate(SCALAR_BYTES);
  try {
    const isGood = openShare(share, sealing, shared, sealed) && isShare(group, share, commitments, complainer);
    return isGood ? 'complainer' : 'dealer';
  } finally {
    memory.free(share);
  }
}

/** Whether this is the polynomial's value for the recipient (RFC 9591, appendix C.2, vss_verify). */
export function isShare(
  group: Ed25519Group,
  share: Uint8Array,
  commitments: readonly Point[],
  recipient: number,
): boolean {
  return (
    group.isScalar(share) &&
    group.equals(group.multiplyBase(share), evaluateCommitments(group, commitments, recipient + 1))
  );
}

/** The shared point's u coordinate, X25519's result; undefined where the proof is wrong. */
function provenCoordinate(
  group: Ed25519Group,
  context: DealerContext,
  complainer: number,
  { sharedPoint, challenge, response }: Complaint,
  dealKey: Uint8Array,
  ephemeralKey: Uint8Array,
): Uint8Array | undefined {
  const dealPoint = liftX25519PublicKey(group, dealKey);
  const ephemeralPoint = liftX25519PublicKey(group, ephemeralKey);
  const shared = group.decode(sharedPoint);
  if (dealPoint === undefined || ephemeralPoint === undefined || shared === undefined) return undefined;
  if (!group.isScalar(challenge) || !group.isScalar(response)) return undefined;
  const first = group.add([
    group.multiplyBasePublic(response),
    group.negate(group.multiplyPublic(dealPoint, challenge)),
  ]);
  const second = group.add([
    group.multiplyPublic(ephemeralPoint, response),
    group.negate(group.multiplyPublic(shared, challenge)),
  ]);
  if (group.isIdentity(first) || group.isIdentity(second)) return undefined;
  const expected = challengeOf(group, [
    ...statementOf(group, context, complainer, ephemeralKey),
    ...[dealKey, sharedPoint, group.encode(first), group.encode(second)],
  ]);
  return Buffer.compare(expected, challenge) === 0 ? x25519Coordinate(group, shared) : undefined;
}

function statementOf(
  group: Ed25519Group,
  { sessionHash, dealer }: DealerContext,
  complainer: number,
  ephemeralKey: Uint8Array,
): readonly Uint8Array[] {
  return [sessionHash, group.scalarOf(dealer), group.scalarOf(complainer), ephemeralKey];
}

function challengeOf(group: Ed25519Group, parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  group.hash(digest, [TAG, ...parts]);
  const challenge = new Uint8Array(SCALAR_BYTES);
  group.reduce(challenge, digest);
  return challenge;
}
