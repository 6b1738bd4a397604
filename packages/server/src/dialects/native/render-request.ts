import type { PolicyEvaluation } from '@countersign/core/governance/approval';
import { REQUEST_STATUSES, type SignatureRequest } from '@countersign/core/requests/signature-request';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';
import { Base64Schema, writeBase64 } from './base64.ts';

export const EvaluationSchema = Type.Object(
  { policyId: IdSchema, triggered: Type.Boolean(), reason: Type.String() },
  { title: 'Evaluation' },
);

export const RequestSchema = Type.Object(
  {
    id: IdSchema,
    keyId: IdSchema,
    walletId: Type.Optional(IdSchema),
    requesterId: IdSchema,
    dialect: Type.String(),
    externalId: Type.Optional(Type.String()),
    status: Type.Enum([...REQUEST_STATUSES]),
    reason: Type.Optional(Type.String()),
    /** SHA-256 of the exact request: what approvals commit to. */
    digest: Base64Schema,
    /** What the payload means. */
    view: Type.Unknown(),
    content: Type.Unknown(),
    evaluations: Type.Array(EvaluationSchema),
    approvalId: Type.Optional(IdSchema),
    signatures: Type.Array(
      Type.Object({
        signature: Base64Schema,
        recoveryId: Type.Optional(Type.Integer()),
        encoded: Type.Optional(Base64Schema),
      }),
    ),
    signedData: Type.Optional(Base64Schema),
    details: Type.Optional(Type.Unknown()),
    confirmation: Type.Optional(
      Type.Object({
        transactionHash: Type.String(),
        network: Type.Optional(Type.String()),
        fee: Type.Optional(Type.String()),
      }),
    ),
    createdAt: DateSchema,
    policyResolvedAt: Type.Optional(DateSchema),
    signedAt: Type.Optional(DateSchema),
    confirmedAt: Type.Optional(DateSchema),
  },
  { title: 'SignatureRequest' },
);

export function renderRequest(request: SignatureRequest): Readonly<Record<string, unknown>> {
  const { confirmation } = request;
  return {
    id: writeId('sig', request.id),
    keyId: writeId('key', request.keyId),
    ...(request.walletId !== undefined && { walletId: writeId('wa', request.walletId) }),
    requesterId: writeId('us', request.requesterId),
    dialect: request.dialect,
    ...(request.externalId !== undefined && { externalId: request.externalId }),
    status: request.status,
    ...(request.reason !== undefined && { reason: request.reason }),
    digest: writeBase64(request.digest),
    view: request.view,
    content: renderContent(request),
    evaluations: request.evaluations.map(renderEvaluation),
    ...(request.approvalId !== undefined && { approvalId: writeId('ap', request.approvalId) }),
    signatures: request.signatures.map(({ bytes, recoveryId, encoded }) => ({
      signature: writeBase64(bytes),
      ...(recoveryId !== undefined && { recoveryId }),
      ...(encoded !== undefined && { encoded: writeBase64(encoded) }),
    })),
    ...(request.signedData !== undefined && { signedData: writeBase64(request.signedData) }),
    ...(request.details !== undefined && { details: request.details }),
    ...(confirmation !== undefined && {
      confirmation: {
        transactionHash: confirmation.transactionHash,
        ...(confirmation.network !== undefined && { network: confirmation.network }),
        ...(confirmation.fee !== undefined && { fee: confirmation.fee }),
      },
    }),
    createdAt: wireDate(request.createdAtMs),
    ...dateMember('policyResolvedAt', request.policyResolvedAtMs),
    ...dateMember('signedAt', request.signedAtMs),
    ...dateMember('confirmedAt', request.confirmedAtMs),
  };
}

export function renderEvaluation({ policyId, triggered, reason }: PolicyEvaluation): Readonly<Record<string, unknown>> {
  return { policyId: writeId('plc', policyId), triggered, reason };
}

/** As items give it. */
function renderContent({ content }: SignatureRequest): Readonly<Record<string, unknown>> {
  if (content.kind === 'chain') return { payload: content.payload };
  const { kind, bytes, digest } = content.payload;
  return { [kind]: writeBase64(bytes), ...(digest !== undefined && { hash: digest }) };
}
