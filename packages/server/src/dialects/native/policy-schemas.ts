/** Governing policies of our own API: the domain's shape, with ids as they are written here. */
import type { JsonValue } from '@countersign/chains/chain';
import { ACTIVITY_KINDS } from '@countersign/core/governance/approval';
import type {
  GoverningPolicy,
  PolicyAction,
  PolicyDraft,
  PolicyFilters,
} from '@countersign/core/governance/governing-policy';
import { type Static, Type } from 'typebox';
import { type IdPrefix, readMemberId, writeId } from '../prefixed-id.ts';
import { DateSchema, IdSchema, NameSchema, wireDate } from '../wire-values.ts';

const GroupSchema = Type.Object(
  {
    name: Type.Optional(NameSchema),
    quorum: Type.Integer({ minimum: 1, maximum: 100 }),
    approvers: Type.Union([Type.Literal('anyone'), Type.Array(IdSchema, { minItems: 1, maxItems: 100 })]),
    initiatorCanApprove: Type.Optional(Type.Boolean()),
    serviceAccountsCanApprove: Type.Optional(Type.Boolean()),
    signedOnly: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, title: 'ApproverGroup' },
);

const ActionSchema = Type.Union([
  Type.Object({ kind: Type.Literal('block') }, { additionalProperties: false }),
  Type.Object({ kind: Type.Literal('none') }, { additionalProperties: false }),
  Type.Object(
    {
      kind: Type.Literal('request-approval'),
      groups: Type.Array(GroupSchema, { minItems: 1, maxItems: 10 }),
      expiresAfterMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 43_200 })),
    },
    { additionalProperties: false },
  ),
]);

const Ids = Type.Array(IdSchema, { minItems: 1, maxItems: 1000 });
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 1000 });

const FiltersSchema = Type.Object(
  {
    keyIds: Type.Optional(Ids),
    walletIds: Type.Optional(Ids),
    walletTagsAny: Type.Optional(Tags),
    walletTagsAll: Type.Optional(Tags),
    policyIds: Type.Optional(Ids),
    roleIds: Type.Optional(Ids),
  },
  { additionalProperties: false, title: 'PolicyFilters' },
);

export const PolicyDraftSchema = Type.Object(
  {
    name: NameSchema,
    activity: Type.Enum([...ACTIVITY_KINDS]),
    rule: Type.Object(
      { kind: Type.String({ maxLength: 64 }), configuration: Type.Optional(Type.Unknown()) },
      { additionalProperties: false },
    ),
    action: ActionSchema,
    filters: Type.Optional(FiltersSchema),
  },
  { additionalProperties: false, title: 'PolicyDraft' },
);

export const PolicySchema = Type.Object(
  {
    id: IdSchema,
    name: NameSchema,
    status: Type.Enum(['active', 'archived']),
    activity: Type.Enum([...ACTIVITY_KINDS]),
    rule: Type.Object({ kind: Type.String(), configuration: Type.Unknown() }),
    action: ActionSchema,
    filters: FiltersSchema,
    createdAt: DateSchema,
    updatedAt: DateSchema,
    version: Type.Integer(),
  },
  { title: 'Policy' },
);

export function readPolicyDraft(body: Static<typeof PolicyDraftSchema>): PolicyDraft {
  return {
    name: body.name,
    activity: body.activity,
    rule: { kind: body.rule.kind, configuration: (body.rule.configuration ?? {}) as JsonValue },
    action: readAction(body.action),
    filters: readFilters(body.filters ?? {}),
  };
}

export function renderPolicy(policy: GoverningPolicy): Readonly<Record<string, unknown>> {
  return {
    id: writeId('plc', policy.id),
    name: policy.name,
    status: policy.status,
    activity: policy.activity,
    rule: policy.rule,
    action: writeAction(policy.action),
    filters: writeFilters(policy.filters),
    createdAt: wireDate(policy.createdAtMs),
    updatedAt: wireDate(policy.updatedAtMs),
    version: policy.version,
  };
}

function readAction(action: Static<typeof ActionSchema>): PolicyAction {
  if (action.kind !== 'request-approval') return { kind: action.kind };
  return {
    kind: 'request-approval',
    expiresAfterMinutes: action.expiresAfterMinutes,
    groups: action.groups.map((group) => ({
      name: group.name,
      quorum: group.quorum,
      approvers:
        group.approvers === 'anyone'
          ? 'anyone'
          : group.approvers.map((id) => readMemberId('us', 'action.groups.approvers', id)),
      initiatorCanApprove: group.initiatorCanApprove ?? false,
      serviceAccountsCanApprove: group.serviceAccountsCanApprove ?? false,
      signedOnly: group.signedOnly ?? false,
    })),
  };
}

function writeAction(action: PolicyAction): Readonly<Record<string, unknown>> {
  if (action.kind !== 'request-approval') return { kind: action.kind };
  const { expiresAfterMinutes } = action;
  return {
    kind: action.kind,
    ...(expiresAfterMinutes !== undefined && { expiresAfterMinutes }),
    groups: action.groups.map(({ name, approvers, ...group }) => ({
      ...(name !== undefined && { name }),
      ...group,
      approvers: approvers === 'anyone' ? approvers : approvers.map((id) => writeId('us', id)),
    })),
  };
}

function readFilters(filters: Static<typeof FiltersSchema>): PolicyFilters {
  const { keyIds, walletIds, policyIds, roleIds, ...tags } = filters;
  return {
    ...tags,
    ...(keyIds !== undefined && { keyIds: readIds('key', 'filters.keyIds', keyIds) }),
    ...(walletIds !== undefined && { walletIds: readIds('wa', 'filters.walletIds', walletIds) }),
    ...(policyIds !== undefined && { policyIds: readIds('plc', 'filters.policyIds', policyIds) }),
    ...(roleIds !== undefined && { roleIds: readIds('pm', 'filters.roleIds', roleIds) }),
  };
}

function readIds<Prefix extends IdPrefix>(
  prefix: Prefix,
  member: string,
  texts: readonly string[],
): readonly ReturnType<typeof readMemberId<Prefix>>[] {
  return texts.map((text) => readMemberId(prefix, member, text));
}

function writeFilters({
  keyIds,
  walletIds,
  policyIds,
  roleIds,
  ...tags
}: PolicyFilters): Readonly<Record<string, unknown>> {
  return {
    ...tags,
    ...(keyIds !== undefined && { keyIds: keyIds.map((id) => writeId('key', id)) }),
    ...(walletIds !== undefined && { walletIds: walletIds.map((id) => writeId('wa', id)) }),
    ...(policyIds !== undefined && { policyIds: policyIds.map((id) => writeId('plc', id)) }),
    ...(roleIds !== undefined && { roleIds: roleIds.map((id) => writeId('pm', id)) }),
  };
}
