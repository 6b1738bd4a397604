import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { ByteReader } from './byte-reader.ts';
import { MessageParseError } from './chilldkg-errors.ts';
import { decodeWithIdentity, encodeWithIdentity } from './point-encoding.ts';
import type { VssCommitment } from './vss.ts';

/** A participant's first message: 33t + 32n + 97 bytes. */
export interface ParticipantMessage1 {
  readonly commitment: VssCommitment;
  /** Proof that its sender knows the constant coefficient: 64 bytes, not checked yet. */
  readonly proofOfPossession: Uint8Array;
  /** 33 bytes; whether it is a point is for the receivers of the shares to find out. */
  readonly publicNonce: Uint8Array;
  /** One scalar of 32 bytes for each participant. */
  readonly encryptedShares: readonly Uint8Array[];
}

/** The coordinator's first message: 33(t - 1) + 162n bytes. */
export interface CoordinatorMessage1 {
  /** Everyone's commitment to its constant coefficient. */
  readonly constantCommitments: readonly Point[];
  /** The sums of the t - 1 other commitments. */
  readonly summedCommitments: readonly Point[];
  readonly proofsOfPossession: readonly Uint8Array[];
  readonly publicNonces: readonly Uint8Array[];
  /** For each participant the sum of the encrypted shares for it. */
  readonly encryptedShares: readonly Uint8Array[];
}

/** The coordinator's message for an investigation by one participant: 65n bytes. */
export interface InvestigationMessage {
  /** What each participant encrypted for this one. */
  readonly encryptedShares: readonly Uint8Array[];
  /** What each of these shares times G must be. */
  readonly publicShares: readonly Point[];
}

export function participantMessage1Length(threshold: number, count: number): number {
  return 33 * threshold + 64 + 33 + 32 * count;
}

/** @throws RangeError for a wrong length. @throws MessageParseError */
export function parseParticipantMessage1(
  group: Secp256k1Group,
  bytes: Uint8Array,
  threshold: number,
  count: number,
): ParticipantMessage1 {
  requireLength(bytes, participantMessage1Length(threshold, count));
  const reader = new ByteReader(bytes);
  const [constant, ...rest] = points(group, reader.takeEach(threshold, 33), 'a commitment to a coefficient');
  if (constant === undefined) throw new RangeError('a commitment must have a coefficient');
  return {
    commitment: [constant, ...rest],
    proofOfPossession: reader.take(64),
    publicNonce: reader.take(33),
    encryptedShares: scalars(group, reader.takeEach(count, 32), 'an encrypted share'),
  };
}

export function serializeParticipantMessage1(group: Secp256k1Group, message: ParticipantMessage1): Uint8Array {
  return Buffer.concat([
    ...message.commitment.map((point) => encodeWithIdentity(group, point)),
    message.proofOfPossession,
    message.publicNonce,
    ...message.encryptedShares,
  ]);
}

/** @throws RangeError for a wrong length. @throws MessageParseError */
export function parseCoordinatorMessage1(
  group: Secp256k1Group,
  bytes: Uint8Array,
  threshold: number,
  count: number,
): CoordinatorMessage1 {
  requireLength(bytes, 33 * (threshold - 1) + 162 * count);
  const reader = new ByteReader(bytes);
  return {
    constantCommitments: points(group, reader.takeEach(count, 33), 'a commitment to a constant coefficient'),
    summedCommitments: points(group, reader.takeEach(threshold - 1, 33), 'a sum of commitments'),
    proofsOfPossession: reader.takeEach(count, 64),
    publicNonces: reader.takeEach(count, 33),
    encryptedShares: scalars(group, reader.takeEach(count, 32), 'a sum of encrypted shares'),
  };
}

export function serializeCoordinatorMessage1(group: Secp256k1Group, message: CoordinatorMessage1): Uint8Array {
  return Buffer.concat([
    ...message.constantCommitments.map((point) => encodeWithIdentity(group, point)),
    ...message.summedCommitments.map((point) => encodeWithIdentity(group, point)),
    ...message.proofsOfPossession,
    ...message.publicNonces,
    ...message.encryptedShares,
  ]);
}

/** @throws RangeError for a wrong length. @throws MessageParseError */
export function parseInvestigationMessage(
  group: Secp256k1Group,
  bytes: Uint8Array,
  count: number,
): InvestigationMessage {
  requireLength(bytes, 65 * count);
  const reader = new ByteReader(bytes);
  return {
    encryptedShares: scalars(group, reader.takeEach(count, 32), 'an encrypted share'),
    publicShares: points(group, reader.takeEach(count, 33), 'a public share'),
  };
}

export function serializeInvestigationMessage(group: Secp256k1Group, message: InvestigationMessage): Uint8Array {
  return Buffer.concat([
    ...message.encryptedShares,
    ...message.publicShares.map((point) => encodeWithIdentity(group, point)),
  ]);
}

function requireLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`the message must be ${length} bytes, not ${bytes.length}`);
}

function points(group: Secp256k1Group, encoded: readonly Uint8Array[], what: string): Point[] {
  return encoded.map((bytes) => {
    const point = decodeWithIdentity(group, bytes);
    if (point === undefined) throw new MessageParseError(`${what} is not a point`);
    return point;
  });
}

function scalars(group: Secp256k1Group, encoded: Uint8Array[], what: string): Uint8Array[] {
  if (!encoded.every((bytes) => group.isScalar(bytes))) throw new MessageParseError(`${what} is not a scalar`);
  return encoded;
}
