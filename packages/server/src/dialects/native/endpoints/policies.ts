/** Governing policies, the approvals that they ask for, and changes that wait for one. */
import { DomainError } from '@countersign/core/domain-error';
import { APPROVAL_STATUSES, type Approval } from '@countersign/core/governance/approval';
import { Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { IdSchema } from '../../wire-values.ts';
import { bodyEndpoint, governedBodyEndpoint, governedEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { PolicyDraftSchema, PolicySchema, readPolicyDraft, renderPolicy } from '../policy-schemas.ts';
import { ApprovalSchema, renderApproval } from '../render-approval.ts';
import { ChangeSchema, renderChange } from '../render-change.ts';

const POLICY = '/api/v1/policies/:policyId';
const APPROVAL = '/api/v1/approvals/:approvalId';

const createPolicy = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/policies',
  operation: 'createPolicy',
  summary: 'Makes a policy; it holds at once.',
  permissions: ['create-policy'],
  request: PolicyDraftSchema,
  status: 201,
  response: PolicySchema,
  handle: async ({ services, caller }, body) =>
    renderPolicy(await services.governance.createPolicy(caller, readPolicyDraft(body))),
});

const policyParameters = { status: Type.Enum(['active', 'archived']) };

const listPolicies = plainEndpoint({
  method: 'GET',
  path: '/api/v1/policies',
  operation: 'listPolicies',
  summary: 'Policies, newest first.',
  permissions: ['read-policies'],
  query: pageParameters(policyParameters),
  response: pageSchema(PolicySchema),
  async handle({ services, caller, query }) {
    const { page, parameters } = readPage(query, 'plc', policyParameters);
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
  operation: 'getPolicy',
  summary: 'A policy.',
  permissions: ['read-policies'],
  response: PolicySchema,
  handle: async ({ services, caller, params }) =>
    renderPolicy(await services.governance.getPolicy(caller, readPathId('plc', params['policyId']))),
});

const updatePolicy = governedBodyEndpoint({
  method: 'PUT',
  path: POLICY,
  operation: 'updatePolicy',
  summary: 'Replaces a policy; 202 where the change itself needs approval.',
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
  operation: 'archivePolicy',
  summary: 'Ends a policy; 202 where the change itself needs approval.',
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
  operation: 'getChange',
  summary: 'A change that waits for approval, or waited.',
  permissions: ['read-policies'],
  response: ChangeSchema,
  handle: async ({ services, caller, params }) =>
    renderChange(await services.governance.getChange(caller, readPathId('cg', params['changeId']))),
});

const approvalParameters = {
  status: Type.Enum([...APPROVAL_STATUSES]),
  initiatorId: IdSchema,
  approverId: IdSchema,
};

const listApprovals = plainEndpoint({
  method: 'GET',
  path: '/api/v1/approvals',
  operation: 'listApprovals',
  summary: "Approvals, newest first; the caller's own without `Policies:Approvals:Read`.",
  permissions: [],
  query: pageParameters(approvalParameters),
  response: pageSchema(ApprovalSchema),
  async handle(context) {
    const { services, caller, query } = context;
    const { page, parameters } = readPage(query, 'ap', approvalParameters);
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
      items: await Promise.all(items.map((approval) => withSubject(context, approval))),
      ...(more && last !== undefined && { next: writeId('ap', last.id) }),
    };
  },
});

const getApproval = plainEndpoint({
  method: 'GET',
  path: APPROVAL,
  operation: 'getApproval',
  summary: 'An approval with what it is about.',
  permissions: ['read-approvals'],
  response: ApprovalSchema,
  async handle(context) {
    const { services, caller, params } = context;
    return withSubject(context, await services.governance.getApproval(caller, readPathId('ap', params['approvalId'])));
  },
});

const DecisionSchema = Type.Object(
  {
    value: Type.Enum(['approved', 'denied']),
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
);

const decide = bodyEndpoint({
  method: 'POST',
  path: `${APPROVAL}/decisions`,
  operation: 'decideApproval',
  summary: 'Approves or denies.',
  permissions: ['approve'],
  request: DecisionSchema,
  response: ApprovalSchema,
  async handle(context, { value, reason }) {
    const { services, caller, params } = context;
    const id = readPathId('ap', params['approvalId']);
    return withSubject(context, await services.governance.decide(caller, id, { value, reason }));
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

async function withSubject(
  { services, caller }: Pick<AuthenticatedContext, 'services' | 'caller'>,
  approval: Approval,
): Promise<Readonly<Record<string, unknown>>> {
  return renderApproval(
    approval,
    approval.subject.kind === 'change'
      ? { change: await services.governance.getChange(caller, approval.subject.changeId) }
      : { request: await services.governance.requestOf(caller, approval) },
  );
}
