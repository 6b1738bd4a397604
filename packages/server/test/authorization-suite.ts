/**
 * For tests: every endpoint of a dialect with bearer tokens times every kind of caller. Who "may" and who "may not" is
 * made from the permissions that the endpoint itself names, so that they are checked against what really happens. An
 * endpoint without a line fails, and so does a line without an endpoint. Every answer is checked against its schema.
 */
import { PERMISSIONS, type Permission } from '@countersign/core/principal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect, Endpoint } from '../src/dialects/dialect.ts';
import { type BoundaryWorld, type Holder, startBoundaryWorld } from './boundary-world.ts';
import { complaintsAbout } from './unknown-members.ts';

export const CALLERS = [
  'nobody',
  'a wrong token',
  'an API key',
  'a disabled person',
  'an expired token',
  'a token that is switched off',
  'a token narrowed by a role without the permission',
  'a person without any grant',
  'a person without the permission',
  'a person with the permission',
  'a service without the permission',
  'a service with the permission',
  'an administrator of another account',
  'an administrator without a proof',
  'an administrator',
] as const;
export type CallerKind = (typeof CALLERS)[number];

/** A status, or `proof` for the refusal of a change that wasn't proven. */
export type Outcome = number | 'proof';
export type Outcomes = Readonly<Record<CallerKind, Outcome>>;

export interface Wanted {
  readonly path?: string;
  readonly body?: unknown;
  /** Without its question mark. */
  readonly query?: string;
  /** What is decided on, so that the proof is for it. */
  readonly approval?: Parameters<BoundaryWorld['prove']>[3];
  /** Another bearer than the caller's own token. */
  readonly bearer?: string;
}

export interface Row {
  /** Made anew for every call. `caller`: who calls, or an administrator where nobody is known. */
  readonly request: (world: BoundaryWorld, caller: Holder) => Wanted | Promise<Wanted>;
  readonly outcomes: Outcomes;
  /** Whether the caller proves it. */
  readonly change: boolean;
  /** The call uses its caller up. */
  readonly freshCaller?: boolean;
  /** Permissions that do as well as the endpoint's own. */
  readonly insteadOf?: readonly Permission[];
}

type Request = Row['request'];
type Overrides = Partial<Record<CallerKind, Outcome>>;

const UNKNOWN: Pick<Outcomes, (typeof STRANGERS)[number]> = {
  nobody: 401,
  'a wrong token': 401,
  'an API key': 401,
  'a disabled person': 401,
  'an expired token': 401,
  'a token that is switched off': 401,
};
const STRANGERS = [
  'nobody',
  'a wrong token',
  'an API key',
  'a disabled person',
  'an expired token',
  'a token that is switched off',
] as const;

function every(outcome: Outcome): Outcomes {
  return Object.fromEntries(CALLERS.map((caller) => [caller, outcome])) as Outcomes;
}

/** Open to all, also to those with a token that is none. */
export function open(request: Request, status = 200): Row {
  return { request, change: false, outcomes: every(status) };
}

/** For everybody who is known. */
export function known(change: boolean, request: Request, overrides: Overrides = {}, status = 200): Row {
  const unproven = change ? { 'an administrator without a proof': 'proof' as const } : {};
  return { request, change, outcomes: { ...every(status), ...UNKNOWN, ...unproven, ...overrides } };
}

const WITHOUT = [
  'a token narrowed by a role without the permission',
  'a person without any grant',
  'a person without the permission',
  'a service without the permission',
] as const;

/** Takes a permission on the account. `elsewhere`: for the administrator of another account. */
export function onAccount(
  change: boolean,
  elsewhere: Outcome,
  request: Request,
  overrides: Overrides = {},
  more: Pick<Row, 'insteadOf'> & { readonly status?: number } = {},
): Row {
  const { status = 200, ...rest } = more;
  const without = Object.fromEntries(WITHOUT.map((caller) => [caller, 403]));
  const outcomes = { ...without, 'an administrator of another account': elsewhere, ...overrides };
  return { ...known(change, request, outcomes, status), ...rest };
}

/** Takes a permission on a key: who can't see it isn't told of it. */
export function onKey(change: boolean, request: Request, overrides: Overrides = {}, status = 200): Row {
  return onAccount(change, 404, request, { 'a person without any grant': 404, ...overrides }, { status });
}

/** Takes a permission on a key, without which what is asked for isn't told of either. */
export function onHidden(change: boolean, request: Request, overrides: Overrides = {}): Row {
  const unseen = Object.fromEntries(WITHOUT.map((caller) => [caller, 404]));
  return onKey(change, request, { ...unseen, ...overrides });
}

/** About a key that it is enough to see. */
export function onVisibleKey(change: boolean, request: Request, overrides: Overrides = {}, status = 200): Row {
  const others = { 'a person without any grant': 404, 'an administrator of another account': 404 };
  return known(change, request, { ...others, ...overrides }, status);
}

export interface AuthorizationSuite {
  readonly dialect: Dialect;
  readonly table: Readonly<Record<string, Row>>;
  /** What every error must look like. */
  readonly checkError: (status: number, json: unknown) => void;
  readonly isProofMissing: (json: unknown) => boolean;
  /** More about an answer than its schema says. */
  readonly checkAnswer?: (name: string, json: unknown) => void;
  /** Of an answer that is about one item and has its status inside. */
  readonly statusOf?: (status: number, json: unknown) => number | string;
  /** Whether an API key is a bearer here: it is an administrator's, without credentials. */
  readonly takesApiKeys: boolean;
}

export function describeAuthorization(suite: AuthorizationSuite): void {
  const { dialect, table } = suite;
  const rows = dialect.endpoints.map((endpoint) => ({ name: `${endpoint.method} ${endpoint.path}`, endpoint }));
  let world: BoundaryWorld;
  let administrator: Holder;
  const holders = new Map<string, Promise<Holder>>();

  beforeAll(async () => {
    world = await startBoundaryWorld();
    administrator = await world.addHolder({ permissions: ['administer'] });
  });
  afterAll(async () => {
    expect(world.faults).toEqual([]);
    await world.service.close();
  });

  it('has a line for every endpoint and no other', () => {
    expect(Object.keys(table).sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  /** A permission that makes no difference isn't one that the call takes. */
  it.each(rows.filter(({ endpoint }) => endpoint.permissions.length > 0))('$name takes its permissions', ({ name }) => {
    const { outcomes } = table[name] ?? {};
    expect(outcomes?.['a person without the permission']).not.toBe(outcomes?.['a person with the permission']);
  });

  function holderOf(caller: CallerKind, { permissions }: Endpoint, row: Row): Promise<Holder> {
    const { freshCaller = false, insteadOf = [] } = row;
    const key = freshCaller ? `${world.next()}` : `${caller} ${[...permissions, ...insteadOf].join()}`;
    const made = holders.get(key) ?? makeHolder(world, caller, permissions, insteadOf);
    holders.set(key, made);
    return made;
  }

  describe.each(rows)('$name', ({ name, endpoint }) => {
    it.each(CALLERS)('called by %s', async (kind) => {
      const row = table[name];
      if (row === undefined) throw new Error('no line in the table');
      const holder = await holderOf(kind, endpoint, row);
      const isStranger = (STRANGERS as readonly string[]).includes(kind);
      const wanted = await row.request(world, isStranger ? administrator : holder);
      const { path = endpoint.path } = wanted;
      const body = wanted.body === undefined ? '{}' : JSON.stringify(wanted.body);
      const isProven = row.change && !isStranger && kind !== 'an administrator without a proof';
      const sent = endpoint.method === 'GET' ? {} : { payload: body };
      const proof = isProven
        ? await world.prove(holder, dialect.name, { method: endpoint.method, path, body }, wanted.approval)
        : undefined;
      const bearer = wanted.bearer ?? bearerOf(kind, holder, world);
      const response = await world.service.server.inject({
        method: endpoint.method,
        url: wanted.query === undefined ? path : `${path}?${wanted.query}`,
        headers: {
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
          ...(proof !== undefined && { [dialect.proofHeader]: proof }),
        },
        ...sent,
      });
      const json: unknown = JSON.parse(response.body);
      const status = response.statusCode;
      if (status >= 400) suite.checkError(status, json);
      else {
        expect(Object.keys(endpoint.responses)).toContain(String(status));
        const schema = endpoint.responses[status];
        expect(schema === undefined ? ['a body without a schema'] : complaintsAbout(schema, json)).toEqual([]);
        suite.checkAnswer?.(name, json);
      }
      const expected = kind === 'an API key' && suite.takesApiKeys ? apiKeyOutcome(row) : row.outcomes[kind];
      const isUnproven = status === 403 && suite.isProofMissing(json);
      const outcome = isUnproven ? 'proof' : (suite.statusOf?.(status, json) ?? status);
      expect(outcome, response.body).toBe(expected);
    });
  });
}

/** Without credentials there is nothing to prove: it is as if the administrator had. */
function apiKeyOutcome({ outcomes }: Row): Outcome {
  const given = outcomes['an API key'];
  return given === 401 ? outcomes['an administrator'] : given;
}

function bearerOf(kind: CallerKind, { token }: Holder, { home }: BoundaryWorld): string | undefined {
  switch (kind) {
    case 'nobody':
      return undefined;
    case 'a wrong token':
      return `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`;
    case 'an API key':
      return home.apiKey;
    default:
      return token;
  }
}

function makeHolder(
  world: BoundaryWorld,
  kind: CallerKind,
  permissions: readonly Permission[],
  insteadOf: readonly Permission[],
): Promise<Holder> {
  const needed = permissions.length === 0 ? (['verify'] as const) : permissions;
  const others = PERMISSIONS.filter(
    (each) => !permissions.includes(each) && !insteadOf.includes(each) && each !== 'administer',
  );
  const everything = { permissions: ['administer'] } as const;
  switch (kind) {
    case 'a disabled person':
      return world.addHolder({ ...everything, enabled: false });
    case 'an expired token':
      return world.addHolder({ ...everything, tokenExpired: true });
    case 'a token that is switched off':
      return world.addHolder({ ...everything, tokenActive: false });
    case 'a token narrowed by a role without the permission':
      return world.addHolder({ ...everything, narrowedTo: others });
    case 'a person without any grant':
      return world.addHolder();
    case 'a person without the permission':
      return world.addHolder({ permissions: others });
    case 'a person with the permission':
      return world.addHolder({ permissions: needed });
    case 'a service without the permission':
      return world.addHolder({ kind: 'service', permissions: others });
    case 'a service with the permission':
      return world.addHolder({ kind: 'service', permissions: needed });
    case 'an administrator of another account':
      return world.addHolder({ ...everything, account: world.elsewhere });
    default:
      return world.addHolder(everything);
  }
}
