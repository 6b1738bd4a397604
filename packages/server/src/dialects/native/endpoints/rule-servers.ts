/** Rule servers, sets of them, and what the sets are attached to: keys, or users for all keys that they make. */
import type { PolicyId, RuleId } from '@countersign/core/ids';
import type { PolicyReference, RuleReference } from '@countersign/core/policies';
import { type ExternalRule, type Policy, RULE_ALGORITHMS } from '@countersign/core/policy/external/external-rule';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readPathId } from '../../prefixed-id.ts';
import { DateSchema, NameSchema, wireDate } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { readPathUuid, readUuid, UuidSchema } from '../uuid.ts';

const RULE_SET = '/api/v1/rule-sets/:ruleSetId';
const OF_KEY = '/api/v1/keys/:keyId/rule-set';
const OF_USER = '/api/v1/users/:userId/rule-set';

const newRuleServerMembers = {
  name: NameSchema,
  url: Type.String({ minLength: 1, maxLength: 2048 }),
  /** SubjectPublicKeyInfo in PEM: P-256 for ES256, RSA for RS256. */
  publicKey: Type.String({ minLength: 1, maxLength: 8192 }),
  algorithm: Type.Enum([...RULE_ALGORITHMS]),
};
const RuleServerSchema = Type.Object(
  { id: UuidSchema, ...newRuleServerMembers, createdAt: DateSchema },
  { title: 'RuleServer' },
);
const RuleSetSchema = Type.Object(
  { id: UuidSchema, name: NameSchema, ruleServerIds: Type.Array(UuidSchema), createdAt: DateSchema },
  { title: 'RuleSet' },
);
const DeletedSchema = Type.Object({ deleted: Type.Literal(true) });
const DELETED = { deleted: true };

const createRuleServer = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/rule-servers',
  operation: 'createRuleServer',
  summary: 'Registers a rule server and the key that signs its answers.',
  permissions: ['administer'],
  request: Type.Object(newRuleServerMembers, { additionalProperties: false, title: 'NewRuleServer' }),
  status: 201,
  response: RuleServerSchema,
  handle: async ({ services, caller }, { publicKey, ...rule }) =>
    renderRuleServer(await services.policies.addExternalRule(caller, { ...rule, publicKeyPem: publicKey })),
});

const listRuleServers = plainEndpoint({
  method: 'GET',
  path: '/api/v1/rule-servers',
  operation: 'listRuleServers',
  summary: 'All rule servers, in order of name.',
  permissions: ['administer'],
  response: Type.Object({ items: Type.Array(RuleServerSchema) }),
  handle: async ({ services, caller }) => ({
    items: (await services.policies.listRules(caller)).map(renderRuleServer),
  }),
});

const deleteRuleServer = plainEndpoint({
  method: 'DELETE',
  path: '/api/v1/rule-servers/:ruleServerId',
  operation: 'deleteRuleServer',
  summary: 'Deletes a rule server that is in no set.',
  permissions: ['administer'],
  response: DeletedSchema,
  async handle({ services, caller, params }) {
    await services.policies.deleteRule(caller, ruleOf(params));
    return DELETED;
  },
});

const createRuleSet = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/rule-sets',
  operation: 'createRuleSet',
  summary: 'A set of rule servers, all of which must say yes.',
  permissions: ['administer'],
  request: Type.Object(
    { name: NameSchema, ruleServerIds: Type.Array(UuidSchema, { maxItems: 32 }) },
    { additionalProperties: false },
  ),
  status: 201,
  response: RuleSetSchema,
  async handle({ services, caller }, { name, ruleServerIds }) {
    const rules = ruleServerIds.map((id) => ({ by: 'id', id: readUuid<RuleId>('ruleServerIds', id) }) as const);
    return renderRuleSet(await services.policies.createPolicy(caller, { name, rules }));
  },
});

const listRuleSets = plainEndpoint({
  method: 'GET',
  path: '/api/v1/rule-sets',
  operation: 'listRuleSets',
  summary: 'All sets of rule servers, in order of name.',
  permissions: ['administer'],
  response: Type.Object({ items: Type.Array(RuleSetSchema) }),
  handle: async ({ services, caller }) => ({
    items: (await services.policies.listPolicies(caller)).map(renderRuleSet),
  }),
});

const deleteRuleSet = plainEndpoint({
  method: 'DELETE',
  path: RULE_SET,
  operation: 'deleteRuleSet',
  summary: 'Deletes a set that is attached to nothing.',
  permissions: ['administer'],
  response: DeletedSchema,
  async handle({ services, caller, params }) {
    await services.policies.deletePolicy(caller, ruleSetOf(params));
    return DELETED;
  },
});

const removeFromRuleSet = plainEndpoint({
  method: 'DELETE',
  path: `${RULE_SET}/rule-servers/:ruleServerId`,
  operation: 'removeRuleServerFromSet',
  summary: 'Takes a rule server out of a set.',
  permissions: ['administer'],
  response: DeletedSchema,
  async handle({ services, caller, params }) {
    await services.policies.removeRuleFromPolicy(caller, ruleSetOf(params), ruleOf(params));
    return DELETED;
  },
});

const AttachSchema = Type.Object({ ruleSetId: UuidSchema }, { additionalProperties: false });
const AttachedSchema = Type.Object({ ruleSetId: UuidSchema });

const attachToKey = bodyEndpoint({
  method: 'PUT',
  path: OF_KEY,
  operation: 'attachRuleSetToKey',
  summary: 'Attaches a set to a key, in place of the one before.',
  permissions: ['administer'],
  request: AttachSchema,
  response: AttachedSchema,
  async handle({ services, caller, params }, { ruleSetId }) {
    const set = { by: 'id', id: readUuid<PolicyId>('ruleSetId', ruleSetId) } as const;
    await services.policies.attachToKey(caller, set, { by: 'id', id: readPathId('key', params['keyId']) });
    return { ruleSetId: set.id };
  },
});

const EffectiveSchema = Type.Object(
  {
    /** Absent where none holds. */
    ruleSet: Type.Optional(RuleSetSchema),
    origin: Type.Optional(Type.Enum(['key', 'user-default'])),
    ruleServers: Type.Array(RuleServerSchema),
  },
  { title: 'EffectiveRuleSet' },
);

const getOfKey = plainEndpoint({
  method: 'GET',
  path: OF_KEY,
  operation: 'getRuleSetOfKey',
  summary: 'The set that holds for a key: its own, or the default of the user that made it.',
  permissions: ['administer'],
  response: EffectiveSchema,
  async handle({ services, caller, params }) {
    const key = { by: 'id', id: readPathId('key', params['keyId']) } as const;
    const effective = await services.policies.effectivePolicy(caller, key);
    if (effective === undefined) return { ruleServers: [] };
    const { attached, origin, rules } = effective;
    return { ruleSet: renderRuleSet(attached), origin, ruleServers: rules.map(renderRuleServer) };
  },
});

const detachFromKey = plainEndpoint({
  method: 'DELETE',
  path: OF_KEY,
  operation: 'detachRuleSetFromKey',
  summary: 'Takes the set off a key.',
  permissions: ['administer'],
  response: DeletedSchema,
  async handle({ services, caller, params }) {
    await services.policies.detachFromKey(caller, { by: 'id', id: readPathId('key', params['keyId']) });
    return DELETED;
  },
});

const attachToUser = bodyEndpoint({
  method: 'PUT',
  path: OF_USER,
  operation: 'attachRuleSetToUser',
  summary: 'The default for keys that a user made and will make.',
  permissions: ['administer'],
  request: AttachSchema,
  response: AttachedSchema,
  async handle({ services, caller, params }, { ruleSetId }) {
    const set = { by: 'id', id: readUuid<PolicyId>('ruleSetId', ruleSetId) } as const;
    await services.policies.attachToUser(caller, set, { by: 'id', id: readPathId('us', params['userId']) });
    return { ruleSetId: set.id };
  },
});

const detachFromUser = plainEndpoint({
  method: 'DELETE',
  path: OF_USER,
  operation: 'detachRuleSetFromUser',
  summary: "Takes a user's default away.",
  permissions: ['administer'],
  response: DeletedSchema,
  async handle({ services, caller, params }) {
    await services.policies.detachFromUser(caller, { by: 'id', id: readPathId('us', params['userId']) });
    return DELETED;
  },
});

export const RULE_SERVER_ENDPOINTS: readonly Endpoint[] = [
  createRuleServer,
  listRuleServers,
  deleteRuleServer,
  createRuleSet,
  listRuleSets,
  deleteRuleSet,
  removeFromRuleSet,
  attachToKey,
  getOfKey,
  detachFromKey,
  attachToUser,
  detachFromUser,
];

function ruleOf(params: Readonly<Record<string, string>>): RuleReference {
  return { by: 'id', id: readPathUuid<RuleId>('rule', params['ruleServerId']) };
}

function ruleSetOf(params: Readonly<Record<string, string>>): PolicyReference {
  return { by: 'id', id: readPathUuid<PolicyId>('policy', params['ruleSetId']) };
}

function renderRuleServer(rule: ExternalRule): Readonly<Record<string, unknown>> {
  const { id, name, url, publicKeyPem, algorithm, createdAtMs } = rule;
  return { id, name, url, publicKey: publicKeyPem, algorithm, createdAt: wireDate(createdAtMs) };
}

function renderRuleSet({ id, name, ruleIds, createdAtMs }: Policy): Readonly<Record<string, unknown>> {
  return { id, name, ruleServerIds: ruleIds, createdAt: wireDate(createdAtMs) };
}
