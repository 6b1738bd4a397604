/**
 * Every endpoint times every kind of caller. Who "may" and who "may not" is made from the permissions that the endpoint
 * itself names, so that they are checked against what really happens. An endpoint without a line fails, and so does a
 * line without an endpoint.
 */
import { type Grant, PERMISSIONS } from '@countersign/core/principal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf, type VertexAnswer, type VertexCall, vertexClient } from '../../../test/vertex-client.ts';
import { startVertexService, type VertexService } from '../../../test/vertex-service.ts';
import type { Endpoint } from '../dialect.ts';
import { ENDPOINTS } from './endpoints.ts';
import { SCHEMES } from './scheme.ts';

const CALLERS = [
  'none',
  'bad key',
  'administrator',
  'administrator of another account',
  'another user',
  'user without permission',
  'user with permission',
  'user',
] as const;
type CallerKind = (typeof CALLERS)[number];
type Outcome = string | number;

interface Target {
  /** A generated key of the user, of the scheme of the path. */
  readonly keyId: string;
  /** Made, but not generated. */
  readonly newKeyId: string;
  readonly userId: string;
  readonly apiKey: string;
  readonly pubkey: string;
  readonly ruleId: string;
  readonly policyId: string;
  readonly number: number;
}

interface Row {
  readonly request: (target: Target) => { readonly path?: string; readonly body?: unknown };
  readonly outcomes: Readonly<Record<CallerKind, Outcome>>;
}

const every = (outcome: Outcome): Row['outcomes'] =>
  Object.fromEntries(CALLERS.map((caller) => [caller, outcome])) as Row['outcomes'];
const ANYBODY = every(200);
const USERS: Row['outcomes'] = {
  ...every(200),
  none: 'access_denied',
  'bad key': 'access_denied',
  administrator: 'access_denied',
  'administrator of another account': 'access_denied',
};
/** In the caller's own group, where it may or may not make keys. */
const MAKERS: Row['outcomes'] = { ...USERS, 'user without permission': 'policy_validation_failed' };
/** On a key of the user; the two in the middle have grants on its group. */
const ON_KEY: Row['outcomes'] = { ...MAKERS, 'another user': 'key_id_not_exists' };
const ON_VISIBLE_KEY: Row['outcomes'] = { ...USERS, 'another user': 'key_id_not_exists' };
const NOT_SUPPORTED: Row['outcomes'] = {
  ...every('bad_request_params'),
  none: 'access_denied',
  'bad key': 'access_denied',
  administrator: 'access_denied',
  'administrator of another account': 'access_denied',
};
/** `elsewhere`: what the administrator of another account is told, who doesn't see the objects of this one. */
const admins = (elsewhere: Outcome): Row['outcomes'] => ({
  ...every('you_have_to_be_admin'),
  none: 'access_denied',
  'bad key': 'access_denied',
  administrator: 200,
  'administrator of another account': elsewhere,
});

const QUORUM = { room_uuid: 'r', num_parties: 2, threshold: 2, others_keygen_ids: ['b'] };

function schemeRows(word: string): Readonly<Record<string, Row>> {
  const at = (path: string) => `/${word}/${path}`;
  const create: Row = { request: () => ({}), outcomes: MAKERS };
  const derive: Row = { request: ({ keyId }) => ({ body: { key_id: keyId } }), outcomes: ON_VISIBLE_KEY };
  return {
    [`GET ${at('create')}`]: create,
    [`POST ${at('create')}`]: create,
    [`POST ${at('keygen')}`]: {
      request: ({ newKeyId }) => ({ body: { ...QUORUM, key_id: newKeyId } }),
      outcomes: ON_KEY,
    },
    [`POST ${at('derive-pubkey')}`]: derive,
    ...(word === 'bip340' && { [`POST ${at('derive-tweak-pubkey')}`]: derive }),
    [`POST ${at('sign')}`]: {
      request: ({ keyId }) => ({ body: { key_id: keyId, room_uuid: 'r', msg: '00' } }),
      outcomes: ON_KEY,
    },
    [`POST ${at('batch-sign')}`]: {
      request: ({ keyId }) => ({ body: { sign_requests: [{ key_id: keyId, room_uuid: 'r', msg: '00' }] } }),
      outcomes: ON_KEY,
    },
    [`POST ${at('refresh')}`]: {
      request: ({ keyId }) => ({ body: { key_id: keyId, room_uuid: 'r' } }),
      outcomes: ON_KEY,
    },
    [`POST ${at('reshare/existing-party')}`]: {
      request: ({ keyId }) => ({ body: { key_id: keyId, room_uuid: 'r', keygen_ids: ['b'], new_threshold: 2 } }),
      outcomes: ON_KEY,
    },
    [`POST ${at('reshare/new-party')}`]: {
      request: ({ newKeyId }) => ({
        body: { key_id: newKeyId, room_uuid: 'r', keygen_ids: ['b'], old_threshold: 2, new_threshold: 2 },
      }),
      outcomes: ON_KEY,
    },
    [`POST ${at('import/key-importer')}`]: {
      request: () => ({
        body: { private_key: '01'.repeat(32), room_uuid: 'r', keygen_ids: ['a', 'b'], threshold: 2 },
      }),
      outcomes: MAKERS,
    },
    [`POST ${at('import/import-key-share-recipient')}`]: {
      request: ({ newKeyId }) => ({
        body: { key_id: newKeyId, room_uuid: 'r', others_keygen_ids: ['b'], threshold: 2 },
      }),
      outcomes: ON_KEY,
    },
    [`POST ${at('export/full')}`]: {
      request: ({ keyId }) => ({ body: { key_id: keyId, room_uuid: 'r', export_to: 'b' } }),
      outcomes: ON_KEY,
    },
    [`GET ${at('export/exportId/:key_id')}`]: {
      request: ({ keyId }) => ({ path: at(`export/exportId/${keyId}`) }),
      outcomes: ON_VISIBLE_KEY,
    },
    [`GET ${at('export-id/:key_id')}`]: {
      request: ({ keyId }) => ({ path: at(`export-id/${keyId}`) }),
      outcomes: ON_VISIBLE_KEY,
    },
    [`GET ${at('backup/export-key-share/:key_id')}`]: {
      request: ({ keyId }) => ({ path: at(`backup/export-key-share/${keyId}`) }),
      outcomes: ON_KEY,
    },
    [`POST ${at('backup/import-key-share')}`]: {
      request: () => ({ body: { export_type: 'encrypted', key_share: 'AQID' } }),
      outcomes: MAKERS,
    },
    [`DELETE ${at('delete-key-share/:key_id')}`]: {
      request: ({ keyId }) => ({ path: at(`delete-key-share/${keyId}`) }),
      outcomes: ON_KEY,
    },
    [`POST /cluster/${word}/keygen`]: {
      request: ({ number }) => ({
        body: { room_uuid: 'r', key_name: `key ${number}`, cluster_name: 'pair', num_parties: 2, threshold: 2 },
      }),
      outcomes: MAKERS,
    },
  };
}

const admin = (request: Row['request'], elsewhere: Outcome = 200): Row => ({ request, outcomes: admins(elsewhere) });
const policies = (path: string): string => `/admin/policies/${path}`;

const TABLE: Readonly<Record<string, Row>> = {
  'POST /create-room': { request: () => ({ body: { room_size: 2 } }), outcomes: USERS },
  ...schemeRows('bip340'),
  ...schemeRows('ed25519'),
  ...Object.fromEntries(
    ENDPOINTS.filter(({ path }) => /^\/(ecdsa|cluster\/ecdsa|cluster\/hmac-sha256|hmac-sha256)\//.test(path)).map(
      ({ method, path }) => [`${method} ${path}`, { request: () => ({}), outcomes: NOT_SUPPORTED }],
    ),
  ),
  'GET /admin/create-user': admin(() => ({})),
  'POST /admin/create-user': admin(() => ({})),
  'GET /admin/generate-api-key': admin(
    ({ userId }) => ({ path: `/admin/generate-api-key?user_id=${userId}` }),
    'user_id_not_exists',
  ),
  'POST /admin/generate-api-key': admin(({ userId }) => ({ body: { user_id: userId } }), 'user_id_not_exists'),
  'DELETE /admin/revoke-api-key': admin(({ apiKey }) => ({ body: { api_key: apiKey } }), 'api_key_not_found'),
  'DELETE /admin/delete-user': admin(({ userId }) => ({ body: { user_id: userId } }), 'user_id_not_exists'),
  'GET /admin/list-all-users': admin(() => ({})),
  'GET /admin/list-all-system-keys': admin(() => ({})),
  'GET /admin/list-all-user-keys': admin(
    ({ userId }) => ({ path: `/admin/list-all-user-keys?user_id=${userId}` }),
    'user_id_not_exists',
  ),
  [`POST ${policies('add-external-rule')}`]: admin(({ number, pubkey }) => ({
    body: { name: `new ${number}`, url: 'https://x.example', pubkey, jwt_alg: 'ES256' },
  })),
  [`GET ${policies('list-all-rules')}`]: admin(() => ({})),
  [`DELETE ${policies('delete-rule')}`]: admin(({ ruleId }) => ({ body: { rule_id: ruleId } }), 'rule_not_found'),
  [`POST ${policies('create-policy')}`]: admin(({ number }) => ({ body: { name: `new ${number}`, rules: [] } })),
  [`GET ${policies('list-all-policies')}`]: admin(() => ({})),
  [`DELETE ${policies('delete-policy')}`]: admin(
    ({ policyId }) => ({ body: { policy_id: policyId } }),
    'policy_not_found',
  ),
  [`POST ${policies('remove-rule-from-policy')}`]: {
    request: ({ policyId, ruleId }) => ({ body: { policy_id: policyId, rule_id: ruleId } }),
    outcomes: { ...admins('policy_not_found'), administrator: 'rule_not_in_policy' },
  },
  [`POST ${policies('attach-policy-to-key')}`]: admin(
    ({ policyId, keyId }) => ({ body: { policy_id: policyId, key_id: keyId } }),
    'policy_not_found',
  ),
  [`POST ${policies('attach-policy-to-user')}`]: admin(
    ({ policyId, userId }) => ({ body: { policy_id: policyId, user_id: userId } }),
    'policy_not_found',
  ),
  [`POST ${policies('detach-policy-from-key')}`]: {
    request: ({ keyId }) => ({ body: { key_id: keyId } }),
    outcomes: { ...admins('key_id_not_exists'), administrator: 'policy_not_found' },
  },
  [`POST ${policies('detach-policy-from-user')}`]: {
    request: ({ userId }) => ({ body: { user_id: userId } }),
    outcomes: { ...admins('user_id_not_exists'), administrator: 'policy_not_found' },
  },
  [`GET ${policies('get-effective-key-policy')}`]: admin(
    ({ keyId }) => ({ path: policies(`get-effective-key-policy?key_id=${keyId}`) }),
    'key_id_not_exists',
  ),
  'POST /admin/clusters': admin(() => ({ body: { name: 'pair', keygen_ids: ['b'] } })),
  'GET /identity-pubkey': { request: () => ({}), outcomes: ANYBODY },
  'GET /cluster/persistent-keygen-id': { request: () => ({}), outcomes: ANYBODY },
  'GET /version': { request: () => ({}), outcomes: ANYBODY },
};

const ROWS = ENDPOINTS.map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, endpoint }));

describe('authorization', () => {
  let service: VertexService;
  let call: VertexCall;
  let pubkey: string;
  let otherAccount: string;
  let number = 0;

  beforeAll(async () => {
    service = await startVertexService();
    call = vertexClient(service.server);
    otherAccount = await service.addAccount();
    pubkey = (await call('GET', '/identity-pubkey')).text;
    for (const apiKey of [service.adminKey, otherAccount])
      await call('POST', '/admin/clusters', { apiKey, body: { name: 'pair', keygen_ids: ['b'] } });
  });
  afterAll(async () => {
    expect(service.faults).toEqual([]);
    await service.close();
  });

  it('has a line for every endpoint and no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual(ROWS.map(({ name }) => name).sort());
  });

  async function post(path: string, apiKey: string, body: object): Promise<Readonly<Record<string, string>>> {
    const answer = await call('POST', path, { apiKey, body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json as Readonly<Record<string, string>>;
  }

  /** What calls of such a path can name. Used until a call succeeds, which may use it up. */
  async function target(path: string): Promise<Target> {
    number += 1;
    const user = await service.addUser();
    const made = { ...user, pubkey, number, keyId: '', newKeyId: '', ruleId: '', policyId: '' };
    const word = SCHEMES.find((scheme) => path.split('/').includes(scheme.word))?.word;
    if (word !== undefined || path.endsWith('-key') || path.endsWith('-policy')) {
      const create = async () => (await post(`/${word ?? 'bip340'}/create`, user.apiKey, {}))['key_id'] ?? '';
      made.keyId = await create();
      if (word !== undefined) made.newKeyId = await create();
      await post(`/${word ?? 'bip340'}/keygen`, user.apiKey, { ...QUORUM, key_id: made.keyId });
    }
    if (path.startsWith(policies(''))) {
      const rule = { name: `rule ${number}`, url: 'https://x.example', pubkey, jwt_alg: 'ES256' };
      made.ruleId = (await post(policies('add-external-rule'), service.adminKey, rule))['rule_id'] ?? '';
      const policy = { name: `policy ${number}`, rules: [] };
      made.policyId = (await post(policies('create-policy'), service.adminKey, policy))['policy_id'] ?? '';
    }
    return made;
  }

  async function apiKeyOf(
    caller: CallerKind,
    { permissions }: Endpoint,
    { apiKey }: Target,
  ): Promise<string | undefined> {
    const groupId = await service.groupOf(apiKey);
    const withPermissions = (granted: Grant['permissions']) =>
      service.addPrincipal([{ scope: { kind: 'group', groupId }, permissions: granted }], groupId);
    switch (caller) {
      case 'none':
        return undefined;
      case 'bad key':
        return `${apiKey.slice(0, 60)}${apiKey[60] === 'A' ? 'B' : 'A'}${apiKey.slice(61)}`;
      case 'administrator':
        return service.adminKey;
      case 'administrator of another account':
        return otherAccount;
      case 'another user':
        return (await service.addUser()).apiKey;
      case 'user without permission':
        return withPermissions(PERMISSIONS.filter((one) => !permissions.includes(one) && one !== 'administer'));
      case 'user with permission':
        // `administer` on a group isn't what makes an administrator.
        return withPermissions(permissions.length === 0 ? ['verify'] : permissions);
      case 'user':
        return apiKey;
    }
  }

  function elementOf(answer: VertexAnswer): Outcome {
    if (!Array.isArray(answer.json)) return outcomeOf(answer);
    const [element] = answer.json as readonly { readonly Error?: { readonly err_type: string } }[];
    return element?.Error?.err_type ?? answer.status;
  }

  describe.each(ROWS)('$name', ({ name, endpoint }) => {
    let unused: Target | undefined;

    it.each(CALLERS)('called by: %s', async (caller) => {
      const row = TABLE[name];
      const goal = unused ?? (await target(endpoint.path));
      const apiKey = await apiKeyOf(caller, endpoint, goal);
      const { path = endpoint.path, body } = row?.request(goal) ?? {};
      const answer = await call(endpoint.method, path, { apiKey, body });
      expect(elementOf(answer), answer.text).toBe(row?.outcomes[caller]);
      unused = answer.status === 200 ? undefined : goal;
    });
  });
});
