/** Policies on this wire. */
import { DomainError } from '@countersign/core/domain-error';
import type { ActivityKind, ApprovalGroup } from '@countersign/core/governance/approval';
import type {
  GoverningPolicy,
  PolicyAction,
  PolicyDraft,
  PolicyFilters,
} from '@countersign/core/governance/governing-policy';
import { type Static, Type } from 'typebox';
import { type IdPrefix, readMemberId, writeId } from '../prefixed-id.ts';
import { DateSchema, IdSchema, NameSchema, wireDate } from '../wire-values.ts';
import { createBodyReader } from './read-body.ts';
import { readRule, writeRule } from './rule-words.ts';

/** `Credentials:Modify` is ours: resets of credentials are governed too. */
const ACTIVITIES: ReadonlyMap<string, ActivityKind> = new Map([
  ['Wallets:Sign', 'sign'],
  ['Permissions:Assign', 'assign-role'],
  ['Permissions:Modify', 'modify-role'],
  ['Policies:Modify', 'modify-policy'],
  ['Credentials:Modify', 'modify-credential'],
]);

/** Undefined for an activity without a word. */
export function writeActivity(kind: ActivityKind): string | undefined {
  return [...ACTIVITIES].find(([, activity]) => activity === kind)?.[0];
}

const GroupSchema = Type.Object(
  {
    name: Type.Optional(NameSchema),
    quorum: Type.Integer({ minimum: 1, maximum: 100 }),
    approvers: Type.Object(
      {
        userId: Type.Optional(
          Type.Object({ in: Type.Array(IdSchema, { minItems: 1, maxItems: 100 }) }, { additionalProperties: false }),
        ),
      },
      { additionalProperties: false },
    ),
    initiatorCanApprove: Type.Optional(Type.Boolean()),
    serviceAccountsCanApprove: Type.Optional(Type.Boolean()),
    signedOnly: Type.Optional(Type.Boolean({ description: 'Only decisions by a signed user action count; ours.' })),
  },
  { additionalProperties: false },
);

const ListFilter = Type.Object(
  { in: Type.Array(IdSchema, { minItems: 1, maxItems: 1000 }) },
  { additionalProperties: false },
);
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 1000 });

const FiltersSchema = Type.Object(
  {
    keyId: Type.Optional(ListFilter),
    walletId: Type.Optional(ListFilter),
    walletTags: Type.Optional(
      Type.Object({ hasAny: Type.Optional(Tags), hasAll: Type.Optional(Tags) }, { additionalProperties: false }),
    ),
    policyId: Type.Optional(ListFilter),
    permissionId: Type.Optional(ListFilter),
  },
  { additionalProperties: false },
);

export const PolicyBodySchema = Type.Object(
  {
    name: NameSchema,
    activityKind: Type.String({ maxLength: 64 }),
    rule: Type.Object(
      { kind: Type.String({ maxLength: 64 }), configuration: Type.Optional(Type.Unknown()) },
      { additionalProperties: false },
    ),
    action: Type.Object(
      {
        kind: Type.Union(['RequestApproval', 'Block', 'NoAction'].map((word) => Type.Literal(word))),
        autoRejectTimeout: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 43_200 }), Type.Null()])),
        approvalGroups: Type.Optional(Type.Array(GroupSchema, { minItems: 1, maxItems: 10 })),
      },
      { additionalProperties: false },
    ),
    filters: Type.Optional(Type.Union([FiltersSchema, Type.Null()])),
  },
  { additionalProperties: false },
);
const readBody = createBodyReader(PolicyBodySchema);

export const PolicySchema = Type.Object({
  id: IdSchema,
  name: NameSchema,
  status: Type.Union([Type.Literal('Active'), Type.Literal('Archived')]),
  activityKind: Type.String(),
  rule: Type.Object({ kind: Type.String(), configuration: Type.Unknown() }),
  action: Type.Object({
    kind: Type.String(),
    autoRejectTimeout: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    approvalGroups: Type.Optional(Type.Array(GroupSchema)),
  }),
  filters: Type.Optional(Type.Unknown()),
  dateCreated: DateSchema,
  dateUpdated: DateSchema,
  pendingChangeRequest: Type.Optional(Type.Unknown()),
});

/** @throws DomainError */
export function readPolicy(body: unknown): PolicyDraft {
  const policy = readBody(body);
  const activity = ACTIVITIES.get(policy.activityKind);
  if (activity === undefined)
    throw new DomainError('not_supported', `activityKind must be one of ${[...ACTIVITIES.keys()].join(', ')}`);
  return {
    name: policy.name,
    activity,
    rule: readRule(policy.rule.kind, policy.rule.configuration ?? {}),
    action: readAction(policy.action),
    filters: readFilters(policy.filters ?? {}),
  };
}

export function renderPolicy(policy: GoverningPolicy): Readonly<Record<string, unknown>> {
  return {
    id: writeId('plc', policy.id),
    name: policy.name,
    status: policy.status === 'active' ? 'Active' : 'Archived',
    activityKind: writeActivity(policy.activity) ?? policy.activity,
    rule: writeRule(policy.rule),
    action: writeAction(policy.action),
    filters: writeFilters(policy.filters),
    dateCreated: wireDate(policy.createdAtMs),
    dateUpdated: wireDate(policy.updatedAtMs),
  };
}

function readAction({
  kind,
  approvalGroups,
  autoRejectTimeout,
}: Static<typeof PolicyBodySchema>['action']): PolicyAction {
  if (kind === 'RequestApproval') {
    if (approvalGroups === undefined) throw new DomainError('invalid_request', 'action.approvalGroups is missing');
    return {
      kind: 'request-approval',
      groups: approvalGroups.map(readGroup),
      expiresAfterMinutes: autoRejectTimeout ?? undefined,
    };
  }
  if (approvalGroups !== undefined)
    throw new DomainError('invalid_request', 'action.approvalGroups is for RequestApproval');
  return { kind: kind === 'Block' ? 'block' : 'none' };
}

function readGroup(group: Static<typeof GroupSchema>): ApprovalGroup {
  const named = group.approvers.userId?.in;
  return {
    name: group.name,
    quorum: group.quorum,
    approvers: named?.map((id) => readMemberId('us', 'approvers.userId.in', id)) ?? 'anyone',
    initiatorCanApprove: group.initiatorCanApprove ?? false,
    serviceAccountsCanApprove: group.serviceAccountsCanApprove ?? false,
    signedOnly: group.signedOnly ?? false,
  };
}

function writeAction(action: PolicyAction): Readonly<Record<string, unknown>> {
  if (action.kind !== 'request-approval') return { kind: action.kind === 'block' ? 'Block' : 'NoAction' };
  return {
    kind: 'RequestApproval',
    autoRejectTimeout: action.expiresAfterMinutes ?? null,
    approvalGroups: action.groups.map((group) => ({
      ...(group.name !== undefined && { name: group.name }),
      quorum: group.quorum,
      approvers: group.approvers === 'anyone' ? {} : { userId: { in: group.approvers.map((id) => writeId('us', id)) } },
      initiatorCanApprove: group.initiatorCanApprove,
      serviceAccountsCanApprove: group.serviceAccountsCanApprove,
      ...(group.signedOnly && { signedOnly: true }),
    })),
  };
}

function readFilters(filters: Static<typeof FiltersSchema>): PolicyFilters {
  const { keyId, walletId, walletTags, policyId, permissionId } = filters;
  return {
    ...(keyId !== undefined && { keyIds: readIds('key', 'filters.keyId.in', keyId.in) }),
    ...(walletId !== undefined && { walletIds: readIds('wa', 'filters.walletId.in', walletId.in) }),
    ...(walletTags?.hasAny !== undefined && { walletTagsAny: walletTags.hasAny }),
    ...(walletTags?.hasAll !== undefined && { walletTagsAll: walletTags.hasAll }),
    ...(policyId !== undefined && { policyIds: readIds('plc', 'filters.policyId.in', policyId.in) }),
    ...(permissionId !== undefined && { roleIds: readIds('pm', 'filters.permissionId.in', permissionId.in) }),
  };
}

function readIds<Prefix extends IdPrefix>(
  prefix: Prefix,
  member: string,
  texts: readonly string[],
): readonly ReturnType<typeof readMemberId<Prefix>>[] {
  return texts.map((text) => readMemberId(prefix, member, text));
}

function writeFilters(filters: PolicyFilters): Readonly<Record<string, unknown>> {
  const { keyIds, walletIds, walletTagsAny, walletTagsAll, policyIds, roleIds } = filters;
  const hasTags = walletTagsAny !== undefined || walletTagsAll !== undefined;
  return {
    ...(keyIds !== undefined && { keyId: { in: keyIds.map((id) => writeId('key', id)) } }),
    ...(walletIds !== undefined && { walletId: { in: walletIds.map((id) => writeId('wa', id)) } }),
    ...(hasTags && {
      walletTags: {
        ...(walletTagsAny !== undefined && { hasAny: walletTagsAny }),
        ...(walletTagsAll !== undefined && { hasAll: walletTagsAll }),
      },
    }),
    ...(policyIds !== undefined && { policyId: { in: policyIds.map((id) => writeId('plc', id)) } }),
    ...(roleIds !== undefined && { permissionId: { in: roleIds.map((id) => writeId('pm', id)) } }),
  };
}
