/** An approval with what it is about and what was said. */
import { ACTIVITY_KINDS, APPROVAL_STATUSES, type Approval } from '@countersign/core/governance/approval';
import type { ChangeRequest } from '@countersign/core/governance/change-request';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';
import { Base64Schema, writeBase64 } from './base64.ts';
import { ChangeSchema, renderChange } from './render-change.ts';
import { EvaluationSchema, RequestSchema, renderEvaluation, renderRequest } from './render-request.ts';

const RequiredGroupSchema = Type.Object(
  {
    policyId: IdSchema,
    name: Type.Optional(Type.String()),
    quorum: Type.Integer(),
    approvers: Type.Union([Type.Literal('anyone'), Type.Array(IdSchema)]),
    initiatorCanApprove: Type.Boolean(),
    serviceAccountsCanApprove: Type.Boolean(),
    signedOnly: Type.Boolean(),
  },
  { title: 'RequiredGroup' },
);

const DecisionSchema = Type.Object(
  {
    userId: IdSchema,
    value: Type.Enum(['approved', 'denied']),
    reason: Type.Optional(Type.String()),
    at: DateSchema,
    /** `signed` by a credential of the approver, or known from its `session` alone. */
    evidence: Type.Enum(['signed', 'session']),
    credentialId: Type.Optional(IdSchema),
    /** Leaf of the log that holds the proof. */
    logIndex: Type.Optional(Type.Integer()),
  },
  { title: 'Decision' },
);

export const ApprovalSchema = Type.Object(
  {
    id: IdSchema,
    initiatorId: IdSchema,
    activity: Type.Enum([...ACTIVITY_KINDS]),
    status: Type.Enum([...APPROVAL_STATUSES]),
    /** What decisions commit to. */
    digest: Base64Schema,
    /** One of the two. */
    request: Type.Optional(RequestSchema),
    change: Type.Optional(ChangeSchema),
    groups: Type.Array(RequiredGroupSchema),
    evaluations: Type.Array(EvaluationSchema),
    decisions: Type.Array(DecisionSchema),
    expiresAt: Type.Optional(DateSchema),
    createdAt: DateSchema,
    resolvedAt: Type.Optional(DateSchema),
  },
  { title: 'Approval' },
);

export function renderApproval(
  approval: Approval,
  about: { readonly request?: SignatureRequest; readonly change?: ChangeRequest },
): Readonly<Record<string, unknown>> {
  return {
    id: writeId('ap', approval.id),
    initiatorId: writeId('us', approval.initiatorId),
    activity: approval.activity,
    status: approval.status,
    digest: writeBase64(approval.subjectDigest),
    ...(about.request !== undefined && { request: renderRequest(about.request) }),
    ...(about.change !== undefined && { change: renderChange(about.change) }),
    groups: approval.groups.map(({ policyId, approvers, ...group }) => ({
      ...group,
      policyId: writeId('plc', policyId),
      approvers: approvers === 'anyone' ? approvers : approvers.map((id) => writeId('us', id)),
    })),
    evaluations: approval.evaluations.map(renderEvaluation),
    decisions: approval.decisions.map(({ principalId, value, reason, atMs, evidence }) => ({
      userId: writeId('us', principalId),
      value,
      ...(reason !== undefined && { reason }),
      at: wireDate(atMs),
      evidence: evidence.kind,
      ...(evidence.kind === 'signed' && {
        credentialId: writeId('cr', evidence.credentialId),
        logIndex: evidence.logIndex,
      }),
    })),
    ...dateMember('expiresAt', approval.expiresAtMs),
    createdAt: wireDate(approval.createdAtMs),
    ...dateMember('resolvedAt', approval.resolvedAtMs),
  };
}
