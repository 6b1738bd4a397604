/** Policies, and the approvals that they ask for. */
import { DomainError } from '@countersign/core/domain-error';
import type { ApprovalStatus } from '@countersign/core/governance/approval';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { refuseBody } from '../../refuse-body.ts';
import { pageParameters, readPageQuery, readQuery } from '../../wire-page.ts';
import { dfnsEndpoint, governedEndpoint } from '../dfns-endpoint.ts';
import { PolicyBodySchema, PolicySchema, readPolicy, renderPolicy } from '../policy-words.ts';
import { createBodyReader } from '../read-body.ts';
import { ApprovalSchema, renderApproval } from '../render-approval.ts';
import { renderChange } from '../render-change.ts';

const DEFAULT_LIMIT = 20;

const createPolicy = dfnsEndpoint({
  method: 'POST',
  path: '/v2/policies',
  permissions: ['create-policy'],
  request: PolicyBodySchema,
  response: PolicySchema,
  async handle({ services, caller, body }) {
    return renderPolicy(await services.governance.createPolicy(caller, readPolicy(body)));
  },
});

const getPolicy = dfnsEndpoint({
  method: 'GET',
  path: '/v2/policies/:policyId',
  permissions: ['read-policies'],
  request: undefined,
  response: PolicySchema,
  async handle({ services, caller, params }) {
    const policy = await services.governance.getPolicy(caller, readPathId('plc', params['policyId']));
    const change = await services.governance.pendingChange(caller, policy.id);
    return { ...renderPolicy(policy), ...(change !== undefined && { pendingChangeRequest: renderChange(change) }) };
  },
});

const POLICY_STATUSES = { Active: 'active', Archived: 'archived' } as const;

const listPolicies = dfnsEndpoint({
  method: 'GET',
  path: '/v2/policies',
  permissions: ['read-policies'],
  request: undefined,
  query: pageParameters('status'),
  response: Type.Object({ items: Type.Array(PolicySchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const parameters = readQuery(query, ['limit', 'paginationToken', 'status']);
    const status = readWord(POLICY_STATUSES, 'status', parameters.status);
    const page = readPageQuery(parameters, DEFAULT_LIMIT, (text) => parsePrefixedId('plc', text));
    const { items, more } = await services.governance.listPolicies(caller, {
      ...page,
      ...(status !== undefined && { status }),
    });
    const last = items.at(-1);
    return {
      items: items.map(renderPolicy),
      ...(more && last !== undefined && { nextPageToken: writeId('plc', last.id) }),
    };
  },
});

const updatePolicy = governedEndpoint({
  method: 'PUT',
  path: '/v2/policies/:policyId',
  permissions: ['update-policy'],
  request: PolicyBodySchema,
  response: PolicySchema,
  async handle({ services, caller, params, body }) {
    const draft = readPolicy(body);
    const result = await services.governance.updatePolicy(caller, readPathId('plc', params['policyId']), draft);
    return result.done ? { done: true, entity: renderPolicy(result.entity) } : result;
  },
});

const archivePolicy = governedEndpoint({
  method: 'DELETE',
  path: '/v2/policies/:policyId',
  permissions: ['archive-policy'],
  request: undefined,
  response: PolicySchema,
  async handle({ services, caller, params, body }) {
    refuseBody(body);
    const result = await services.governance.archivePolicy(caller, readPathId('plc', params['policyId']));
    return result.done ? { done: true, entity: renderPolicy(result.entity) } : result;
  },
});

const APPROVAL_STATUSES = {
  Pending: 'pending',
  Approved: 'approved',
  Denied: 'denied',
  Expired: 'expired',
} as const satisfies Readonly<Record<string, ApprovalStatus>>;

const listApprovals = dfnsEndpoint({
  method: 'GET',
  path: '/v2/policy-approvals',
  // Without `read-approvals` the list of all is the list of the caller's own.
  permissions: [],
  request: undefined,
  query: pageParameters('status', 'initiatorId', 'approverId'),
  response: Type.Object({ items: Type.Array(ApprovalSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const parameters = readQuery(query, ['limit', 'paginationToken', 'status', 'initiatorId', 'approverId']);
    const { initiatorId, approverId } = parameters;
    const status = readWord(APPROVAL_STATUSES, 'status', parameters.status);
    const { items, more } = await services.governance.listApprovals(caller, {
      ...readPageQuery(parameters, DEFAULT_LIMIT, (text) => parsePrefixedId('ap', text)),
      ...(status !== undefined && { status }),
      ...(initiatorId !== undefined && { initiatorId: readMemberId('us', 'initiatorId', initiatorId) }),
      ...(approverId !== undefined && { approverId: readMemberId('us', 'approverId', approverId) }),
    });
    const last = items.at(-1);
    return {
      items: await Promise.all(items.map((approval) => renderApproval(services, caller, approval))),
      ...(more && last !== undefined && { nextPageToken: writeId('ap', last.id) }),
    };
  },
});

const getApproval = dfnsEndpoint({
  method: 'GET',
  path: '/v2/policy-approvals/:approvalId',
  permissions: ['read-approvals'],
  request: undefined,
  response: ApprovalSchema,
  async handle({ services, caller, params }) {
    const approval = await services.governance.getApproval(caller, readPathId('ap', params['approvalId']));
    return renderApproval(services, caller, approval);
  },
});

const DecisionSchema = Type.Object(
  {
    value: Type.Union([Type.Literal('Approved'), Type.Literal('Denied')]),
    reason: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()])),
  },
  { additionalProperties: false },
);
const readDecision = createBodyReader(DecisionSchema);

const decide = dfnsEndpoint({
  method: 'POST',
  path: '/v2/policy-approvals/:approvalId/decisions',
  permissions: ['approve'],
  request: DecisionSchema,
  response: ApprovalSchema,
  async handle({ services, caller, params, body }) {
    const { value, reason } = readDecision(body);
    const approval = await services.governance.decide(caller, readPathId('ap', params['approvalId']), {
      value: value === 'Approved' ? 'approved' : 'denied',
      reason: reason ?? undefined,
    });
    return renderApproval(services, caller, approval);
  },
});

export const POLICY_ENDPOINTS: readonly Endpoint[] = [
  createPolicy,
  getPolicy,
  listPolicies,
  updatePolicy,
  archivePolicy,
  listApprovals,
  getApproval,
  decide,
];

function readWord<Word extends string, Value>(
  words: Readonly<Record<Word, Value>>,
  name: string,
  text: string | undefined,
): Value | undefined {
  if (text === undefined) return undefined;
  if (Object.hasOwn(words, text)) return words[text as Word];
  throw new DomainError('invalid_request', `${name} must be one of ${Object.keys(words).join(', ')}`);
}
