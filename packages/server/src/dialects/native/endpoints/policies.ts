/** Governing policies, the approvals that they ask for, and changes that wait for one. */
import { DomainError } from '@countersign/core/domain-error';
import { APPROVAL_STATUSES, type Approval } from '@countersign/core/governance/approval';
import { Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../../wire-values.ts';
import { Base64Schema, writeBase64 } from '../base64.ts';
import { bodyEndpoint, governedBodyEndpoint, governedEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { pageSchema, readPage, writePage } from '../page.ts';
import { PolicyDraftSchema, PolicySchema, readPolicyDraft, renderPolicy } from '../policy-schemas.ts';
import { ChangeSchema, renderChange } from '../render-change.ts';
import { renderRequest } from '../render-request.ts';

const POLICY = '/api/v1/policies/:policyId';
const APPROVAL = '/api/v1/approvals/:approvalId';

const createPolicy = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/policies',
  permissions: ['create-policy'],
  request: PolicyDraftSchema,
  status: 201,
  response: PolicySchema,
  handle: async ({ services, caller }, body) =>
    renderPolicy(await services.governance.createPolicy(caller, readPolicyDraft(body))),
});

const listPolicies = plainEndpoint({
  method: 'GET',
  path: '/api/v1/policies',
  permissions: ['read-policies'],
  response: pageSchema(PolicySchema),
  async handle({ services, caller, query }) {
    const { page, parameters } = readPage(query, 'plc', ['status']);
    const { status } = parameters;
    if (status !== undefined && status !== 'active' && status !== 'archived')
      throw new DomainError('invalid_request', 'status must be active or archived');
    const found = await services.governance.listPolicies(caller, { ...page, ...(status !== undefined && { status }) });
    return writePage(found, renderPolicy, ({ id }) => writeId('plc', id));
  },
});

const getPolicy = plainEndpoint({
  method: 'GET',
  path: POLICY,
  permissions: ['read-policies'],
  response: PolicySchema,
  handle: async ({ services, caller, params }) =>
    renderPolicy(await services.governance.getPolicy(caller, readPathId('plc', params['policyId']))),
});

const updatePolicy = governedBodyEndpoint({
  method: 'PUT',
  path: POLICY,
  permissions: ['update-policy'],
  request: PolicyDraftSchema,
  response: PolicySchema,
  async handle({ services, caller, params }, body) {
    const id = readPathId('plc', params['policyId']);
    const result = await services.governance.updatePolicy(caller, id, readPolicyDraft(body));
    return result.done ? { done: true, entity: renderPolicy(result.entity) } : result;
  },
});

const archivePolicy = governedEndpoint({
  method: 'DELETE',
  path: POLICY,
  permissions: ['archive-policy'],
  response: PolicySchema,
  async handle({ services, caller, params }) {
    const result = await services.governance.archivePolicy(caller, readPathId('plc', params['policyId']));
    return result.done ? { done: true, entity: renderPolicy(result.entity) } : result;
  },
});

const getChange = plainEndpoint({
  method: 'GET',
  path: '/api/v1/changes/:changeId',
  permissions: ['read-policies'],
  response: ChangeSchema,
  handle: async ({ services, caller, params }) =>
    renderChange(await services.governance.getChange(caller, readPathId('cg', params['changeId']))),
});

const ApprovalSchema = Type.Object({
  id: IdSchema,
  initiatorId: IdSchema,
  activity: Type.String(),
  status: Type.String(),
  /** What decisions commit to. */
  digest: Base64Schema,
  request: Type.Optional(Type.Unknown()),
  change: Type.Optional(Type.Unknown()),
  groups: Type.Array(Type.Unknown()),
  evaluations: Type.Array(Type.Unknown()),
  decisions: Type.Array(Type.Unknown()),
  expiresAt: Type.Optional(DateSchema),
  createdAt: DateSchema,
  resolvedAt: Type.Optional(DateSchema),
});

const listApprovals = plainEndpoint({
  method: 'GET',
  path: '/api/v1/approvals',
  permissions: ['read-approvals'],
  response: pageSchema(ApprovalSchema),
  async handle(context) {
    const { services, caller, query } = context;
    const { page, parameters } = readPage(query, 'ap', ['status', 'initiatorId', 'approverId']);
    const { initiatorId, approverId } = parameters;
    const status = APPROVAL_STATUSES.find((known) => known === parameters.status);
    if (parameters.status !== undefined && status === undefined)
      throw new DomainError('invalid_request', `status must be one of ${APPROVAL_STATUSES.join(', ')}`);
    const { items, more } = await services.governance.listApprovals(caller, {
      ...page,
      ...(status !== undefined && { status }),
      ...(initiatorId !== undefined && { initiatorId: readMemberId('us', 'initiatorId', initiatorId) }),
      ...(approverId !== undefined && { approverId: readMemberId('us', 'approverId', approverId) }),
    });
    const last = items.at(-1);
    return {
      items: await Promise.all(items.map((approval) => renderApproval(context, approval))),
      ...(more && last !== undefined && { next: writeId('ap', last.id) }),
    };
  },
});

const getApproval = plainEndpoint({
  method: 'GET',
  path: APPROVAL,
  permissions: ['read-approvals'],
  response: ApprovalSchema,
  async handle(context) {
    const { services, caller, params } = context;
    return renderApproval(
      context,
      await services.governance.getApproval(caller, readPathId('ap', params['approvalId'])),
    );
  },
});

const DecisionSchema = Type.Object(
  {
    value: Type.Union([Type.Literal('approved'), Type.Literal('denied')]),
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
);

const decide = bodyEndpoint({
  method: 'POST',
  path: `${APPROVAL}/decisions`,
  permissions: ['approve'],
  request: DecisionSchema,
  response: ApprovalSchema,
  async handle(context, { value, reason }) {
    const { services, caller, params } = context;
    const id = readPathId('ap', params['approvalId']);
    return renderApproval(context, await services.governance.decide(caller, id, { value, reason }));
  },
});

export const POLICY_ENDPOINTS: readonly Endpoint[] = [
  createPolicy,
  listPolicies,
  getPolicy,
  updatePolicy,
  archivePolicy,
  getChange,
  listApprovals,
  getApproval,
  decide,
];

async function renderApproval(
  { services, caller }: Pick<AuthenticatedContext, 'services' | 'caller'>,
  approval: Approval,
): Promise<Readonly<Record<string, unknown>>> {
  const about =
    approval.subject.kind === 'change'
      ? { change: renderChange(await services.governance.getChange(caller, approval.subject.changeId)) }
      : { request: renderRequest(await services.governance.requestOf(caller, approval)) };
  return {
    id: writeId('ap', approval.id),
    initiatorId: writeId('us', approval.initiatorId),
    activity: approval.activity,
    status: approval.status,
    digest: writeBase64(approval.subjectDigest),
    ...about,
    groups: approval.groups.map(({ policyId, approvers, ...group }) => ({
      ...group,
      policyId: writeId('plc', policyId),
      approvers: approvers === 'anyone' ? approvers : approvers.map((id) => writeId('us', id)),
    })),
    evaluations: approval.evaluations.map(({ policyId, triggered, reason }) => ({
      policyId: writeId('plc', policyId),
      triggered,
      reason,
    })),
    decisions: approval.decisions.map(({ principalId, value, reason, atMs, evidence }) => ({
      userId: writeId('us', principalId),
      value,
      ...(reason !== undefined && { reason }),
      at: wireDate(atMs),
      evidence: evidence.kind,
    })),
    ...dateMember('expiresAt', approval.expiresAtMs),
    createdAt: wireDate(approval.createdAtMs),
    ...dateMember('resolvedAt', approval.resolvedAtMs),
  };
}
