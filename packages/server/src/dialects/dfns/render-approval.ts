import type { Approval } from '@countersign/core/governance/approval';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';
import { writeActivity } from './policy-words.ts';
import { ChangeSchema, renderChange } from './render-change.ts';
import { renderRequest, SignatureRequestResponseSchema } from './render-request.ts';

/** A withdrawn one is a denied one here: the wire has no word for it. */
const STATUS_WORDS = {
  pending: 'Pending',
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired',
  cancelled: 'Denied',
} as const;

export const ApprovalSchema = Type.Object({
  id: IdSchema,
  initiatorId: IdSchema,
  /** Of the two others the one that is decided on. */
  activity: Type.Object({
    kind: Type.String(),
    signatureRequest: Type.Optional(
      Type.Intersect([
        SignatureRequestResponseSchema,
        Type.Object({ view: Type.Unknown({ description: 'What the payload means; ours.' }) }),
      ]),
    ),
    changeRequest: Type.Optional(ChangeSchema),
  }),
  status: Type.Union(['Pending', 'Approved', 'Denied', 'Expired'].map((word) => Type.Literal(word))),
  expirationDate: Type.Optional(DateSchema),
  dateCreated: DateSchema,
  dateUpdated: DateSchema,
  dateResolved: Type.Optional(DateSchema),
  policyEvaluations: Type.Array(
    Type.Object({ policyId: IdSchema, triggered: Type.Boolean(), reason: Type.String(), context: Type.Unknown() }),
  ),
  decisions: Type.Array(
    Type.Object({
      userId: IdSchema,
      date: DateSchema,
      value: Type.String(),
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/** With the whole of what is decided on, as approvers see it. */
export async function renderApproval(
  services: Services,
  caller: Caller,
  approval: Approval,
): Promise<Readonly<Record<string, unknown>>> {
  return approvalMembers(approval, await subjectOf(services, caller, approval));
}

/** @param subject the member of `activity` that says what is decided on */
export function approvalMembers(
  approval: Approval,
  subject: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    id: writeId('ap', approval.id),
    initiatorId: writeId('us', approval.initiatorId),
    activity: { kind: writeActivity(approval.activity) ?? approval.activity, ...subject },
    status: STATUS_WORDS[approval.status],
    ...dateMember('expirationDate', approval.expiresAtMs),
    dateCreated: wireDate(approval.createdAtMs),
    dateUpdated: wireDate(approval.updatedAtMs),
    ...dateMember('dateResolved', approval.resolvedAtMs),
    policyEvaluations: approval.evaluations.map(({ policyId, triggered, reason }) => ({
      policyId: writeId('plc', policyId),
      triggered,
      reason,
      context: {},
    })),
    decisions: approval.decisions.map((decision) => ({
      userId: writeId('us', decision.principalId),
      date: wireDate(decision.atMs),
      value: decision.value === 'approved' ? 'Approved' : 'Denied',
      reason: decision.reason ?? null,
    })),
  };
}

async function subjectOf(
  services: Services,
  caller: Caller,
  approval: Approval,
): Promise<Readonly<Record<string, unknown>>> {
  if (approval.subject.kind === 'change')
    return { changeRequest: renderChange(await services.governance.getChange(caller, approval.subject.changeId)) };
  const request = await services.governance.requestOf(caller, approval);
  return { signatureRequest: { ...renderRequest(request), view: request.view } };
}
