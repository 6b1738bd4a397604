/**
 * Every endpoint times every kind of caller. An endpoint that isn't in the table fails, and so does a
 * line for an endpoint that is gone. Who "may" and who "may not" is made from the permissions that the endpoint itself
 * names, so that they are checked against what really happens.
 */
import { type Grant, PERMISSIONS } from '@countersign/core/principal';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import type { Endpoint } from '../dialect.ts';
import { ENDPOINTS as ALL } from './endpoints.ts';

const CALLERS = [
  'none',
  'bad key',
  'other account',
  'no grant',
  'without permission',
  'with permission',
  'administrator',
] as const;
type CallerKind = (typeof CALLERS)[number];

interface Row {
  /** Fresh for every call, with a key of its own where the call uses one up. */
  readonly request: (target: {
    readonly kid: string;
    readonly number: number;
    readonly groupId: string;
    readonly signature: string;
  }) => {
    readonly path?: string;
    readonly body?: unknown;
  };
  /** The status, or for a batch the status of its one item. */
  readonly outcomes: Readonly<Record<CallerKind, number>>;
}

const ANYBODY = {
  none: 200,
  'bad key': 200,
  'other account': 200,
  'no grant': 200,
  'without permission': 200,
  'with permission': 200,
  administrator: 200,
};
const anyCaller = (status: number) => ({
  ...(Object.fromEntries(CALLERS.map((caller) => [caller, status])) as Record<CallerKind, number>),
  none: 401,
  'bad key': 401,
});
/** On a key that the caller may not see (404), may see but not use (403), may use. */
const onKey = (status: number) => ({
  ...anyCaller(status),
  'other account': 404,
  'no grant': 404,
  'without permission': 403,
});
/** On a key, where seeing it is enough. */
const onVisibleKey = (status: number) => ({ ...onKey(status), 'without permission': status });

const DIGEST = Buffer.alloc(32, 7).toString('base64');

const TABLE: Readonly<Record<string, Row>> = {
  'dsm POST /sys/v1/session/auth': { request: () => ({}), outcomes: anyCaller(200) },
  'dsm POST /sys/v1/session/refresh': { request: () => ({}), outcomes: anyCaller(204) },
  'dsm POST /sys/v1/session/terminate': { request: () => ({}), outcomes: anyCaller(204) },
  'dsm GET /sys/v1/version': { request: () => ({}), outcomes: ANYBODY },
  'dsm GET /sys/v1/health': {
    request: () => ({}),
    outcomes: {
      none: 204,
      'bad key': 204,
      'other account': 204,
      'no grant': 204,
      'without permission': 204,
      'with permission': 204,
      administrator: 204,
    },
  },
  'dsm POST /crypto/v1/keys': {
    request: ({ number, groupId }) => ({
      body: { name: `made ${number}`, obj_type: 'EC', elliptic_curve: 'NistP256', group_id: groupId },
    }),
    outcomes: onKey(201),
  },
  'dsm GET /crypto/v1/keys': { request: () => ({}), outcomes: anyCaller(200) },
  'dsm POST /crypto/v1/keys/info': { request: ({ kid }) => ({ body: { kid } }), outcomes: onVisibleKey(200) },
  'dsm GET /crypto/v1/keys/:kid': {
    request: ({ kid }) => ({ path: `/crypto/v1/keys/${kid}` }),
    outcomes: onVisibleKey(200),
  },
  'dsm DELETE /crypto/v1/keys/:kid': {
    request: ({ kid }) => ({ path: `/crypto/v1/keys/${kid}` }),
    outcomes: onKey(204),
  },
  'dsm POST /crypto/v1/sign': {
    request: ({ kid }) => ({ body: { key: { kid }, hash_alg: 'SHA256', hash: DIGEST } }),
    outcomes: onKey(200),
  },
  'dsm POST /crypto/v1/verify': {
    request: ({ kid, signature }) => ({ body: { key: { kid }, hash_alg: 'SHA256', hash: DIGEST, signature } }),
    outcomes: onKey(200),
  },
  'dsm POST /crypto/v1/keys/batch/sign': {
    request: ({ kid }) => ({ body: [{ key: { kid }, hash_alg: 'SHA256', hash: DIGEST }] }),
    outcomes: onKey(200),
  },
  'dsm POST /crypto/v1/keys/batch/verify': {
    request: ({ kid, signature }) => ({ body: [{ key: { kid }, hash_alg: 'SHA256', hash: DIGEST, signature }] }),
    outcomes: onKey(200),
  },
};

const ENDPOINTS = ALL.map((endpoint) => ({ name: `dsm ${endpoint.method} ${endpoint.path}`, endpoint }));

describe('authorization', () => {
  let service: DsmService;
  let call: DsmCall;
  let otherAccount: string;
  let number = 0;

  beforeAll(async () => {
    service = await startDsmService();
    call = dsmClient(service.server);
    otherAccount = await service.addAccount();
  });
  afterAll(() => service.close());

  it('has a line for every endpoint and no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual(ENDPOINTS.map(({ name }) => name).sort());
  });

  const groupGrant = (permissions: Grant['permissions']): Grant[] => [
    { scope: { kind: 'group', groupId: service.groupId }, permissions },
  ];

  async function apiKeyOf(caller: CallerKind, endpoint: Endpoint): Promise<string | undefined> {
    switch (caller) {
      case 'none':
        return undefined;
      case 'bad key':
        return `${service.apiKey.slice(0, 60)}${service.apiKey[60] === 'A' ? 'B' : 'A'}${service.apiKey.slice(61)}`;
      case 'other account':
        return otherAccount;
      case 'no grant':
        return service.addPrincipal([]);
      case 'without permission':
        return service.addPrincipal(
          groupGrant(
            PERMISSIONS.filter(
              (permission) => !endpoint.permissions.includes(permission) && permission !== 'administer',
            ),
          ),
        );
      case 'with permission':
        return service.addPrincipal(groupGrant(endpoint.permissions.length === 0 ? ['verify'] : endpoint.permissions));
      case 'administrator':
        return service.apiKey;
    }
  }

  async function sessionOf(apiKey: string | undefined): Promise<string | undefined> {
    if (apiKey === undefined) return undefined;
    const answer = await call('POST', '/sys/v1/session/auth', { apiKey });
    return answer.status === 200 ? JSON.parse(answer.text).access_token : 'no-such-token';
  }

  async function target(): Promise<{ kid: string; number: number; groupId: string; signature: string }> {
    number += 1;
    const body = { name: `target ${number}`, obj_type: 'EC', elliptic_curve: 'NistP256' };
    const key = JSON.parse((await call('POST', '/crypto/v1/keys', { apiKey: service.apiKey, body })).text);
    const sign = { key: { kid: key.kid }, hash_alg: 'SHA256', hash: DIGEST };
    const { signature } = JSON.parse(
      (await call('POST', '/crypto/v1/sign', { apiKey: service.apiKey, body: sign })).text,
    );
    return { kid: key.kid, number, groupId: service.groupId, signature };
  }

  async function outcome(
    name: string,
    endpoint: Endpoint,
    credentials: { apiKey?: string | undefined; token?: string | undefined },
  ): Promise<number> {
    const { path = endpoint.path, body } = TABLE[name]?.request(await target()) ?? {};
    const answer = await call(endpoint.method, path, { ...credentials, body });
    if (answer.status >= 400) expect(answer.contentType).toBe('text/plain; charset=utf-8');
    else {
      expect(Object.keys(endpoint.responses)).toContain(String(answer.status));
      const schema = endpoint.responses[answer.status];
      if (schema === undefined) expect(answer.text).toBe('');
      else expect(Value.Errors(schema, JSON.parse(answer.text))).toEqual([]);
    }
    if (answer.status !== 200 || !path.includes('/batch/')) return answer.status;
    const [item] = JSON.parse(answer.text);
    return item.status;
  }

  describe.each(ENDPOINTS)('$name', ({ name, endpoint }) => {
    it.each(CALLERS)('called by: %s', async (caller) => {
      const expected = TABLE[name]?.outcomes[caller];
      const apiKey = await apiKeyOf(caller, endpoint);
      const token = await sessionOf(apiKey);
      const byKey = await outcome(name, endpoint, { apiKey });
      const bySession = await outcome(name, endpoint, { token });
      // One way of proving oneself that the endpoint doesn't take is like none.
      expect(byKey).toBe(endpoint.authentication === 'session' ? 401 : expected);
      expect(bySession).toBe(endpoint.authentication === 'api-key' ? 401 : expected);
    });
  });
});
