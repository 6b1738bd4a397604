/** The rules of the reference that decide whether real clients run, by their numbers there (section 0.1). */
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmCall, dsmClient } from '../../../test/dsm-client.ts';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { SobjectSchema } from './sobject.ts';

const DIGEST = Buffer.alloc(32, 7).toString('base64');

describe('DSM wire rules', () => {
  let service: DsmService;
  let call: DsmCall;
  let kid: string;

  beforeAll(async () => {
    service = await startDsmService();
    call = dsmClient(service.server, { apiKey: service.apiKey });
    const body = {
      name: 'my key',
      obj_type: 'EC',
      elliptic_curve: 'NistP256',
      key_ops: ['SIGN', 'VERIFY', 'HIGHVOLUME'],
    };
    kid = JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text).kid;
  });
  afterAll(() => service.close());

  const login = async (): Promise<string> => JSON.parse((await call('POST', '/sys/v1/session/auth')).text).access_token;
  const item = () => ({ key: { kid }, hash_alg: 'SHA256', hash: DIGEST });

  it.each([
    undefined,
    'text/plain',
    'application/json',
    'application/json; charset=utf-16',
    'application/octet-stream',
    'multipart/form-data',
    'nonsense',
    ';;;',
    'a/b/c',
  ])('1: the body is JSON when Content-Type is %s', async (contentType) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    const answer = await call('POST', '/crypto/v1/sign', { body: JSON.stringify(item()), headers });
    expect(answer).toMatchObject({ status: 200 });
  });

  it.each([{}, { 'content-type': 'application/json' }, { 'content-type': 'application/json', 'content-length': '0' }])(
    '2: an empty body is accepted with %j',
    async (headers) => {
      const answer = await call('POST', '/sys/v1/session/auth', { headers });
      expect(answer.status).toBe(200);
      const { access_token: token } = JSON.parse(answer.text);
      const options = { apiKey: undefined, token, headers };
      expect(await call('POST', '/sys/v1/session/refresh', options)).toMatchObject({ status: 204, text: '' });
      expect(await call('POST', '/sys/v1/session/terminate', options)).toMatchObject({ status: 204, text: '' });
    },
  );

  it('3: null is absent', async () => {
    const body = {
      name: 'from rust',
      obj_type: 'EC',
      elliptic_curve: 'NistP384',
      key_size: null,
      key_ops: null,
      rsa: null,
      custom_metadata: null,
      state: null,
      transient: null,
      value: null,
      group_id: null,
      deactivation_date: null,
      aes: null,
    };
    const made = await call('POST', '/crypto/v1/keys', { body });
    expect(made).toMatchObject({ status: 201 });
    const key = { kid: JSON.parse(made.text).kid, name: null, transient_key: null, inline: null };
    const sign = {
      key,
      hash_alg: 'SHA256',
      hash: null,
      data: 'aGk=',
      mode: null,
      context: null,
      deterministic_signature: null,
    };
    const signed = await call('POST', '/crypto/v1/sign', { body: sign });
    expect(signed).toMatchObject({ status: 200 });
    const verify = { ...sign, signature: JSON.parse(signed.text).signature };
    expect(JSON.parse((await call('POST', '/crypto/v1/verify', { body: verify })).text)).toEqual({
      kid: key.kid,
      result: true,
    });
    expect(await call('POST', '/crypto/v1/keys/info', { body: key })).toMatchObject({ status: 200 });
  });

  it('4: binary is standard base64 with padding', async () => {
    const { signature } = JSON.parse((await call('POST', '/crypto/v1/sign', { body: item() })).text);
    expect(Buffer.from(signature, 'base64').toString('base64')).toBe(signature);
    expect(Buffer.from(signature, 'base64')[0]).toBe(0x30);
  });

  it('6: an API key is read in both alphabets, with or without padding', async () => {
    const bytes = Buffer.from(service.apiKey, 'base64');
    for (const apiKey of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('base64').replaceAll('=', ''),
    ])
      expect(await call('GET', '/crypto/v1/keys', { apiKey })).toMatchObject({ status: 200 });
  });

  it('7: errors are one bare sentence', async () => {
    const answer = await call('POST', '/crypto/v1/keys/info', { body: { name: 'nobody' } });
    expect(answer).toMatchObject({ status: 404, contentType: 'text/plain; charset=utf-8', text: 'no such key' });
  });

  it('9: calls that return nothing answer 204 without a body', async () => {
    const body = { name: 'short-lived', obj_type: 'EC', elliptic_curve: 'NistP256' };
    const made = JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text);
    const answer = await call('DELETE', `/crypto/v1/keys/${made.kid}`);
    expect(answer).toMatchObject({ status: 204, text: '', contentType: undefined });
    expect(await call('DELETE', `/crypto/v1/keys/${made.kid}`)).toMatchObject({ status: 404 });
    expect(await call('GET', '/sys/v1/health')).toMatchObject({ status: 204, text: '' });
  });

  it('12, 13: a batch item has status and body, or status and error, never both', async () => {
    const body = [item(), { key: { name: 'nobody' }, hash_alg: 'SHA256', hash: DIGEST }, { ...item(), hash: 'x' }];
    const answer = await call('POST', '/crypto/v1/keys/batch/sign', { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual([
      { status: 200, body: { kid, signature: expect.any(String) } },
      { status: 404, error: 'no such key' },
      { status: 400, error: expect.any(String) },
    ]);
  });

  it('14, 15: lists are bare arrays; start is exclusive; sort=kid is legal; paging ends with an empty page', async () => {
    const all = JSON.parse((await call('GET', '/crypto/v1/keys')).text) as { kid: string }[];
    expect(all.length).toBeGreaterThan(1);
    const seen: string[] = [];
    let start = '';
    for (;;) {
      const page = JSON.parse((await call('GET', `/crypto/v1/keys?sort=kid&limit=1${start}`)).text);
      if (page.length === 0) break;
      seen.push(page[0].kid);
      start = `&start=${page[0].kid}`;
    }
    expect(seen).toEqual(all.map((key) => key.kid));
    expect(seen).toEqual([...seen].sort());
    expect(await call('GET', '/crypto/v1/keys?')).toMatchObject({ status: 200 });
    expect(await call('GET', '/crypto/v1/keys?sort=kid:asc')).toMatchObject({ status: 200 });
  });

  it('5, 16, 17, 18: a sobject has times, lastused_at, key_size and creator in the forms that clients decode', async () => {
    const sobject = JSON.parse((await call('POST', '/crypto/v1/keys/info', { body: { name: 'my key' } })).text);
    expect(Value.Errors(SobjectSchema, sobject)).toEqual([]);
    expect(sobject).toMatchObject({
      kid,
      lastused_at: expect.stringMatching(/^[0-9]{8}T[0-9]{6}Z$/),
      created_at: expect.stringMatching(/^[0-9]{8}T[0-9]{6}Z$/),
      creator: { app: expect.any(String) },
      key_size: 256,
      group_id: service.groupId,
      acct_id: service.accountId,
      origin: 'FortanixHSM',
      public_only: false,
      never_exportable: true,
      state: 'Active',
      key_ops: ['SIGN', 'VERIFY', 'HIGHVOLUME'],
    });
    expect(Object.keys(sobject.creator)).toHaveLength(1);
    expect(Buffer.from(sobject.pub_key, 'base64')).toHaveLength(91);
  });

  it('16: a key that was never used says so with the epoch', async () => {
    const body = { name: 'unused', obj_type: 'EC', elliptic_curve: 'NistP256' };
    expect(JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text).lastused_at).toBe('19700101T000000Z');
  });

  it('18: a key that a user made names the user', async () => {
    const user = await service.addPrincipal([{ scope: { kind: 'account' }, permissions: ['administer'] }], {
      kind: 'user',
    });
    const body = { name: 'by a user', obj_type: 'EC', elliptic_curve: 'NistP256' };
    const made = JSON.parse((await call('POST', '/crypto/v1/keys', { apiKey: user, body })).text);
    expect(made.creator).toEqual({ user: expect.any(String) });
    const { creator } = JSON.parse((await call('GET', `/crypto/v1/keys/${made.kid}`)).text);
    expect(creator).toEqual(made.creator);
  });

  it('19: rsa has both policies', async () => {
    const body = { name: 'rsa', obj_type: 'RSA', rsa: { key_size: 2048, public_exponent: null } };
    const made = JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text);
    expect(made).toMatchObject({
      key_size: 2048,
      rsa: { key_size: 2048, encryption_policy: [{ padding: { OAEP: {} } }], signature_policy: [{}] },
    });
    expect(Value.Errors(SobjectSchema, made)).toEqual([]);
  });

  it('answers an empty batch with an empty array', async () => {
    for (const path of ['/crypto/v1/keys/batch/sign', '/crypto/v1/keys/batch/verify'])
      expect(await call('POST', path, { body: [] })).toMatchObject({ status: 200, text: '[]' });
  });

  it('opens, slides and ends sessions; an ended one is "Session does not exist"', async () => {
    const answer = JSON.parse((await call('POST', '/sys/v1/session/auth')).text);
    expect(answer).toEqual({
      token_type: 'Bearer',
      expires_in: 600,
      access_token: expect.any(String),
      entity_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const session = { apiKey: undefined, token: answer.access_token };
    service.advance(400_000);
    expect(await call('POST', '/sys/v1/session/refresh', session)).toMatchObject({ status: 204 });
    service.advance(400_000);
    expect(await call('POST', '/crypto/v1/sign', { ...session, body: item() })).toMatchObject({ status: 200 });
    // The server grants a tenth more than it tells, so that a client that counts for itself is never early.
    service.advance(661_000);
    expect(await call('POST', '/crypto/v1/sign', { ...session, body: item() })).toMatchObject({
      status: 401,
      text: 'Session does not exist',
    });

    const second = { apiKey: undefined, token: await login() };
    expect(await call('POST', '/sys/v1/session/terminate', second)).toMatchObject({ status: 204 });
    expect(await call('GET', '/crypto/v1/keys', second)).toMatchObject({ status: 401, text: 'Session does not exist' });
  });

  it('keeps a transient key to its session', async () => {
    const session = { apiKey: undefined, token: await login() };
    const body = { transient: true, obj_type: 'EC', elliptic_curve: 'NistP256' };
    const made = JSON.parse((await call('POST', '/crypto/v1/keys', { ...session, body })).text);
    expect(made).toMatchObject({ origin: 'Transient', transient_key: expect.any(String) });
    expect(made).not.toHaveProperty('kid');
    expect(made).not.toHaveProperty('name');
    expect(Value.Errors(SobjectSchema, made)).toEqual([]);
    const key = { transient_key: String(made.transient_key) };
    const sign = { key, hash_alg: 'SHA256', hash: DIGEST };
    const signed = await call('POST', '/crypto/v1/sign', { ...session, body: sign });
    expect(JSON.parse(signed.text)).toEqual({ signature: expect.any(String) });
    const verify = { ...sign, signature: JSON.parse(signed.text).signature };
    expect(JSON.parse((await call('POST', '/crypto/v1/verify', { ...session, body: verify })).text)).toEqual({
      result: true,
    });
    expect(JSON.parse((await call('POST', '/crypto/v1/keys/info', { ...session, body: key })).text)).toMatchObject({
      pub_key: made.pub_key,
    });
    expect(JSON.parse((await call('GET', '/crypto/v1/keys', session)).text)).not.toContainEqual(
      expect.objectContaining({ origin: 'Transient' }),
    );

    const other = { apiKey: undefined, token: await login() };
    expect(await call('POST', '/crypto/v1/sign', { ...other, body: sign })).toMatchObject({ status: 404 });
    expect(await call('POST', '/crypto/v1/sign', { body: sign })).toMatchObject({ status: 403 });
    const altered = Buffer.from(key.transient_key, 'base64').fill('x', 30, 31).toString('base64');
    expect(
      await call('POST', '/crypto/v1/sign', { ...session, body: { ...sign, key: { transient_key: altered } } }),
    ).toMatchObject({ status: 404 });
  });

  it('reads back what was said of a key', async () => {
    const body = {
      name: 'described',
      description: 'for tests',
      obj_type: 'EC',
      elliptic_curve: 'NistP256',
      key_ops: ['SIGN', 'EXPORT', 'SIGN'],
      custom_metadata: { purpose: 'release', constructor: 'x' },
      deterministic_signatures: true,
      allow_sign_hash: false,
      verify_after_sign: true,
      state: 'PreActive',
      acct_id: 'ignored',
      key_size: 256,
      publish_public_key: { state: 'disabled' },
    };
    const made = JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text);
    expect(made).toMatchObject({
      description: 'for tests',
      key_ops: ['SIGN', 'EXPORT'],
      custom_metadata: { purpose: 'release', constructor: 'x' },
      deterministic_signatures: true,
      allow_sign_hash: false,
      verify_after_sign: true,
      state: 'PreActive',
      never_exportable: false,
    });
    expect(made).not.toHaveProperty('activation_date');
    expect(JSON.parse((await call('GET', `/crypto/v1/keys/${made.kid}`)).text)).toEqual(made);
    expect(
      await call('POST', '/crypto/v1/sign', { body: { key: { kid: made.kid }, hash_alg: 'SHA256', data: '' } }),
    ).toMatchObject({ status: 403 });
  });

  it('holds a key to what it says of itself', async () => {
    const make = async (name: string, members: object): Promise<string> => {
      const body = { name, obj_type: 'EC', elliptic_curve: 'NistP256', ...members };
      return JSON.parse((await call('POST', '/crypto/v1/keys', { body })).text).kid;
    };
    const sign = async (id: string, members: object) =>
      (await call('POST', '/crypto/v1/sign', { body: { key: { kid: id }, hash_alg: 'SHA256', ...members } })).status;
    const messages = await make('messages', { allow_sign_hash: false });
    expect(await sign(messages, { hash: DIGEST })).toBe(403);
    expect(await sign(messages, { data: 'aGk=' })).toBe(200);
    const nothing = await make('nothing', { key_ops: [] });
    expect(await sign(nothing, { hash: DIGEST })).toBe(403);
    const verifies = await make('verifies', { key_ops: ['VERIFY', 'APPMANAGEABLE'] });
    expect(await sign(verifies, { hash: DIGEST })).toBe(403);
    const deterministic = await make('deterministic', { deterministic_signatures: true });
    expect(await sign(deterministic, { hash: DIGEST, deterministic_signature: false })).toBe(400);
    const body = { key: { kid: deterministic }, hash_alg: 'SHA256', hash: DIGEST };
    const twice = await Promise.all([1, 2].map(() => call('POST', '/crypto/v1/sign', { body })));
    expect(twice[0]?.text).toBe(twice[1]?.text);
  });
});
