import type { RequestSignature, SignatureRequest } from '@countersign/core/requests/signature-request';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, HexSchema, IdSchema, wireDate, wireHex } from '../wire-values.ts';

const STATUS_WORDS = {
  pending: 'Pending',
  executing: 'Executing',
  signed: 'Signed',
  confirmed: 'Confirmed',
  failed: 'Failed',
  rejected: 'Rejected',
} as const;

const SignatureSchema = Type.Object({
  r: HexSchema,
  s: HexSchema,
  recid: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
  encoded: Type.Optional(HexSchema),
});

export const SignatureRequestResponseSchema = Type.Object({
  id: IdSchema,
  keyId: IdSchema,
  walletId: Type.Optional(IdSchema),
  requester: Type.Object({ userId: IdSchema, tokenId: Type.Optional(IdSchema) }),
  requestBody: Type.Unknown(),
  status: Type.Union(Object.values(STATUS_WORDS).map((word) => Type.Literal(word))),
  reason: Type.Optional(Type.String()),
  signature: Type.Optional(SignatureSchema),
  signatures: Type.Optional(Type.Array(SignatureSchema)),
  signedData: Type.Optional(HexSchema),
  network: Type.Optional(Type.String()),
  txHash: Type.Optional(Type.String()),
  fee: Type.Optional(Type.String()),
  approvalId: Type.Optional(IdSchema),
  dateRequested: DateSchema,
  datePolicyResolved: Type.Optional(DateSchema),
  dateSigned: Type.Optional(DateSchema),
  dateConfirmed: Type.Optional(DateSchema),
  externalId: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** `network` is of the body or the wallet, unless a confirmation names another. */
export function renderRequest(request: SignatureRequest): Readonly<Record<string, unknown>> {
  const { confirmation, walletId, approvalId } = request;
  const requestBody = echoedBody(request.body);
  const network = confirmation?.network ?? networkOf(requestBody);
  return {
    id: writeId('sig', request.id),
    keyId: writeId('key', request.keyId),
    ...(walletId !== undefined && { walletId: writeId('wa', walletId) }),
    requester: {
      userId: writeId('us', request.requesterId),
      ...(request.tokenId !== undefined && { tokenId: writeId('to', request.tokenId) }),
    },
    requestBody,
    status: STATUS_WORDS[request.status],
    ...(request.reason !== undefined && { reason: request.reason }),
    ...signatureMembers(request.signatures),
    ...(request.signedData !== undefined && { signedData: wireHex(request.signedData) }),
    ...(network !== undefined && { network }),
    ...(confirmation !== undefined && { txHash: confirmation.transactionHash }),
    ...(confirmation?.fee !== undefined && { fee: confirmation.fee }),
    ...(approvalId !== undefined && { approvalId: writeId('ap', approvalId) }),
    dateRequested: wireDate(request.createdAtMs),
    ...dateMember('datePolicyResolved', request.policyResolvedAtMs),
    ...dateMember('dateSigned', request.signedAtMs),
    ...dateMember('dateConfirmed', request.confirmedAtMs),
    ...(request.externalId !== undefined && { externalId: request.externalId }),
    ...(request.details !== undefined && { details: request.details }),
  };
}

/** One signature is `signature`; several of one request are `signatures`. */
function signatureMembers(signatures: readonly RequestSignature[]): Readonly<Record<string, unknown>> {
  const [first] = signatures;
  if (first === undefined) return {};
  return signatures.length === 1
    ? { signature: renderSignature(first) }
    : { signatures: signatures.map(renderSignature) };
}

/** Both halves at their full length; EdDSA's R and S and BIP340's R and s are no integers here, but bytes. */
function renderSignature({ bytes, recoveryId, encoded }: RequestSignature): Readonly<Record<string, unknown>> {
  const half = bytes.length / 2;
  return {
    r: wireHex(bytes.subarray(0, half)),
    s: wireHex(bytes.subarray(half)),
    ...(recoveryId !== undefined && { recid: recoveryId }),
    ...(encoded !== undefined && { encoded: wireHex(encoded) }),
  };
}

/** It was read as JSON once; a request of another dialect may have none. */
function echoedBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

function networkOf(body: unknown): string | undefined {
  const network = typeof body === 'object' && body !== null && 'network' in body ? body.network : undefined;
  return typeof network === 'string' ? network : undefined;
}
