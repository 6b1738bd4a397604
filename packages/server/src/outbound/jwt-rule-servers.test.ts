import { createHmac, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { newId } from '@countersign/core/ids';
import type { ExternalRule } from '@countersign/core/policy/external/external-rule';
import type { RuleAnswer, RuleQuestion } from '@countersign/core/ports/rule-servers';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ANSWER_HEADER,
  answerClaims,
  isQuestionBy,
  type Question,
  type Reply,
  signJwt,
  startTestRuleServer,
  type TestRuleServer,
  unsignedJwt,
} from '../../test/test-rule-server.ts';
import { createJwtRuleServers, type JwtRuleServerOptions } from './jwt-rule-servers.ts';
import { createOutboundClient } from './outbound-client.ts';
import { canonicalJson } from './rule-question.ts';

const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rs256 = generateKeyPairSync('rsa', { modulusLength: 2048 });

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const spkiPem = pemOf(ours.publicKey);
const fingerprint = hash('sha256', ours.publicKey.export({ type: 'spki', format: 'der' }), 'hex');
const signQuestion = async (text: string): Promise<Uint8Array> =>
  sign('sha256', Buffer.from(text), { key: ours.privateKey, dsaEncoding: 'ieee-p1363' });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const context = Uint8Array.of(0xca, 0xfe);

/** Asks one question of a rule server that replies like this. */
async function askWith(
  reply: (question: Question) => Reply | Promise<Reply>,
  more: Partial<RuleQuestion> = {},
  rule: Partial<ExternalRule> = {},
  options: Partial<JwtRuleServerOptions> = {},
): Promise<{ answer: RuleAnswer; server: TestRuleServer; rule: ExternalRule }> {
  const server = await startTestRuleServer(reply);
  const client = createOutboundClient({
    allow: [{ kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8 }],
  });
  undo.push(
    () => server.close(),
    () => client.close(),
  );
  const ruleServers = createJwtRuleServers({
    client,
    identity: async () => ({ spkiPem, fingerprint }),
    signQuestion,
    now: Date.now,
    ...options,
  });
  const full: ExternalRule = {
    id: newId(),
    accountId: newId(),
    name: 'rule',
    url: server.url,
    publicKeyPem: pemOf(es256.publicKey),
    algorithm: 'ES256',
    createdAtMs: 0,
    ...rule,
  };
  const answer = await ruleServers.ask({
    rule: full,
    algorithm: 'bip340',
    payload: { kind: 'message', bytes: Uint8Array.of(1, 2, 3), digest: undefined },
    options: {},
    resultingKey: new Uint8Array(32).fill(5),
    context,
    ...more,
  });
  return { answer, server, rule: full };
}

const yes = (question: Question): string => signJwt(ANSWER_HEADER, answerClaims(question, true), es256.privateKey);

describe('questions to rule servers', () => {
  it('are JWTs by our key, for this rule and this signature', async () => {
    const { answer, server, rule } = await askWith(yes, {
      options: { derivationPath: [44, 0, 7], merkleRoot: new Uint8Array(32).fill(9) },
    });
    expect(answer).toEqual({ approved: true });
    const [question] = server.questions;
    if (question === undefined) throw new Error('nothing was asked');
    expect(isQuestionBy(spkiPem, question)).toBe(true);
    expect(isQuestionBy(pemOf(other.publicKey), question)).toBe(false);
    expect(question.header).toEqual({ alg: 'ES256', typ: 'countersign-rule-question+jwt' });
    const now = Math.floor(Date.now() / 1000);
    const { claims } = question;
    const iat = Number(claims['iat']);
    expect(Math.abs(now - iat)).toBeLessThan(5);
    const element = {
      action: 'sign_bip340',
      extra_data: 'cafe',
      request: {
        msg: '010203',
        derivation_path: [44, 0, 7],
        derived_pubkey: '05'.repeat(32),
        taproot_merkle_root: '09'.repeat(32),
      },
    };
    expect(claims).toEqual({
      ...element,
      iss: fingerprint,
      aud: rule.id,
      jti: claims.request_id,
      request_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      iat,
      exp: iat + 60,
      digest: hash(
        'sha256',
        `{"action":"sign_bip340","extra_data":"cafe","request":{"derivation_path":[44,0,7],"derived_pubkey":"${'05'.repeat(32)}","msg":"010203","taproot_merkle_root":"${'09'.repeat(32)}"}}`,
        'hex',
      ),
    });
  });

  it('have a fresh id each, and the same digest for the same signature', async () => {
    const asked = await Promise.all([askWith(yes), askWith(yes)]);
    const claims = asked.map(({ server }) => server.questions[0]?.claims);
    expect(claims[0]?.request_id).not.toBe(claims[1]?.request_id);
    expect(claims[0]?.['digest']).toBe(claims[1]?.['digest']);
    const another = await askWith(yes, { context: Uint8Array.of(1) });
    expect(another.server.questions[0]?.claims['digest']).not.toBe(claims[0]?.['digest']);
  });

  const bytes = Uint8Array.of(1);
  it.each([
    ['ed25519', { kind: 'message', bytes, digest: undefined }, {}, 'sign_ed25519', {}],
    ['bip340', { kind: 'digest', bytes, digest: 'sha-256' }, {}, 'sign_bip340', {}],
    [
      'bip340',
      { kind: 'message', bytes, digest: undefined },
      { merkleRoot: new Uint8Array(0) },
      'sign_bip340',
      {
        taproot_merkle_root: '',
      },
    ],
    ['ecdsa-secp256k1', { kind: 'digest', bytes, digest: 'sha-256' }, {}, 'sign_ecdsa', { hash_algo: 'none' }],
    ['ecdsa-secp256k1', { kind: 'message', bytes, digest: 'sha-256' }, {}, 'sign_ecdsa', { hash_algo: 'sha256' }],
    ['ecdsa-p256', { kind: 'message', bytes, digest: 'sha3-256' }, {}, 'sign_ecdsa-p256', { hash_algo: 'sha3-256' }],
    [
      'rsa',
      { kind: 'message', bytes, digest: 'sha-512' },
      { padding: 'pss', mgf1Digest: 'sha-256' },
      'sign_rsa',
      { hash_algo: 'sha512', padding: 'pss', mgf1_hash_algo: 'sha256' },
    ],
    [
      'ml-dsa-65',
      { kind: 'message', bytes, digest: undefined },
      { variant: 'pure', context: Uint8Array.of(7) },
      'sign_ml-dsa-65',
      { hash_algo: 'none', variant: 'pure', context: '07' },
    ],
  ] as const)('for %s with %o and %o have the action %s and %o', async (algorithm, payload, options, action, more) => {
    const { server } = await askWith(yes, { algorithm, payload, options });
    const claims = server.questions[0]?.claims;
    expect(claims?.['action']).toBe(action);
    expect(claims?.request).toEqual({
      msg: '01',
      derivation_path: [],
      derived_pubkey: '05'.repeat(32),
      ...more,
    });
  });

  it('are not sent for messages of more than 1 MiB', async () => {
    const digest = undefined;
    const large = await askWith(yes, { payload: { kind: 'message', bytes: new Uint8Array(1024 * 1024), digest } });
    expect(large.answer).toEqual({ approved: true });
    const bytes = new Uint8Array(1024 * 1024 + 1);
    const { answer, server } = await askWith(yes, { payload: { kind: 'message', bytes, digest } });
    expect(answer.approved).toBe(false);
    expect(server.questions).toEqual([]);
  });
});

describe('canonicalJson', () => {
  it('sorts members at every level and keeps lists as they are (RFC 8785, section 3.2.3)', () => {
    expect(canonicalJson({ b: [3, 1, 2], a: { d: 'x', c: '"' } })).toBe('{"a":{"c":"\\"","d":"x"},"b":[3,1,2]}');
  });
});

describe('answers of rule servers', () => {
  it('are a yes when they say so under the rule and the algorithm', async () => {
    expect((await askWith(yes)).answer).toEqual({ approved: true });
    expect((await askWith((question) => `\r\n${yes(question)}\n`)).answer).toEqual({ approved: true });
    const withKid = (question: Question): string =>
      signJwt({ ...ANSWER_HEADER, kid: '../../etc/passwd' }, answerClaims(question, true), es256.privateKey);
    expect((await askWith(withKid)).answer).toEqual({ approved: true });
    const rsaAnswer = (question: Question): string =>
      signJwt({ ...ANSWER_HEADER, alg: 'RS256' }, answerClaims(question, true), rs256.privateKey);
    const rsaRule = { publicKeyPem: pemOf(rs256.publicKey), algorithm: 'RS256' } as const;
    expect((await askWith(rsaAnswer, {}, rsaRule)).answer).toEqual({ approved: true });
  });

  it('are a no with the reason that they give, on one line and not too long', async () => {
    const no = (reason?: string) => (question: Question) =>
      signJwt(ANSWER_HEADER, answerClaims(question, false, reason), es256.privateKey);
    expect((await askWith(no())).answer).toEqual({ approved: false, reason: 'not approved' });
    expect((await askWith(no('over the limit'))).answer).toEqual({
      approved: false,
      reason: 'not approved: over the limit',
    });
    const { answer } = await askWith(no(`a\nb\u0000\u202e${'x'.repeat(5_000)}`));
    expect(answer.approved === false && answer.reason).toMatch(/^not approved: a b {2}x+\.\.\.$/);
    expect(answer.approved === false && answer.reason.length).toBeLessThan(520);
  });

  /** Good claims with something changed; undefined removes a member. */
  const claimsWith = (change: Record<string, unknown>) => (question: Question) =>
    signJwt(ANSWER_HEADER, { ...answerClaims(question, true), ...change }, es256.privateKey);
  const headerWith = (change: Record<string, unknown>) => (question: Question) =>
    signJwt({ ...ANSWER_HEADER, ...change }, answerClaims(question, true), es256.privateKey);
  const now = (): number => Math.floor(Date.now() / 1000);

  it.each<[string, (question: Question) => Reply]>([
    ['approved is not true', claimsWith({ approved: false })],
    ['approved is the text true', claimsWith({ approved: 'true' })],
    ['approved is 1', claimsWith({ approved: 1 })],
    ['approved is an object', claimsWith({ approved: { valueOf: 1 } })],
    ['approved is a list', claimsWith({ approved: [true] })],
    ['approved is missing', claimsWith({ approved: undefined })],
    ['it answers another question', claimsWith({ request_id: newId() })],
    ['it has no request id', claimsWith({ request_id: undefined })],
    [
      'its request id is in other case',
      (question) => claimsWith({ request_id: question.claims.request_id.toUpperCase() })(question),
    ],
    ['its request hash is of another question', claimsWith({ request_hash: hash('sha256', 'x', 'hex') })],
    ['it has no request hash', claimsWith({ request_hash: undefined })],
    ['it is for another server', claimsWith({ aud: hash('sha256', 'another', 'hex') })],
    ['it is for several servers', claimsWith({ aud: [fingerprint, 'another'] })],
    ['it is for nobody', claimsWith({ aud: undefined })],
    ['it is for the rule', (question) => claimsWith({ aud: question.claims['aud'] })(question)],
    ['it was made 61 seconds ago', claimsWith({ iat: now() - 61, exp: now() - 1 })],
    ['it was made long ago and lives long', claimsWith({ iat: now() - 3_600, exp: now() + 3_600 })],
    ['it is from the future', claimsWith({ iat: now() + 75, exp: now() + 100 })],
    ['it has expired', claimsWith({ iat: now() - 30, exp: now() - 1 })],
    ['it lives too long', claimsWith({ exp: now() + 3_600 })],
    ['it never expires', claimsWith({ exp: undefined })],
    ['its expiry is a text', claimsWith({ exp: String(now() + 30) })],
    ['its expiry is huge', claimsWith({ exp: 1e308 })],
    ['it does not say when it was made', claimsWith({ iat: undefined })],
    ['its time is null', claimsWith({ iat: null, exp: null })],
    ['its type is missing', headerWith({ typ: undefined })],
    ['its type is plain JWT', headerWith({ typ: 'JWT' })],
    ['its type is that of a question', headerWith({ typ: 'countersign-rule-question+jwt' })],
    [
      'it brings a key of its own',
      (question) => {
        const jwk = other.publicKey.export({ format: 'jwk' });
        return signJwt({ ...ANSWER_HEADER, jwk }, answerClaims(question, true), other.privateKey);
      },
    ],
    ['it brings the right key in the header', headerWith({ jwk: es256.publicKey.export({ format: 'jwk' }) })],
    ['it points to a key set', headerWith({ jku: 'https://keys.example/set' })],
    ['it brings a certificate', headerWith({ x5c: ['MIIB'] })],
    ['it points to a certificate', headerWith({ x5u: 'https://keys.example/cert' })],
    ['it has critical extensions', headerWith({ crit: ['exp'], exp: 1 })],
    ['it has an unencoded payload', headerWith({ crit: ['b64'], b64: false })],
    [
      'it is signed by another key',
      (question) => signJwt(ANSWER_HEADER, answerClaims(question, true), other.privateKey),
    ],
    [
      'it is signed by our own key',
      (question) => signJwt(ANSWER_HEADER, answerClaims(question, true), ours.privateKey),
    ],
    ['it is not signed', (question) => unsignedJwt({ ...ANSWER_HEADER, alg: 'none' }, answerClaims(question, true))],
    [
      'it says none with a signature',
      (question) => {
        const [, , signature] = yes(question).split('.');
        return unsignedJwt({ ...ANSWER_HEADER, alg: 'none' }, answerClaims(question, true), signature);
      },
    ],
    ['it says None', (question) => unsignedJwt({ ...ANSWER_HEADER, alg: 'None' }, answerClaims(question, true), 'AA')],
    [
      'its signature is zeros',
      (question) => unsignedJwt(ANSWER_HEADER, answerClaims(question, true), Buffer.alloc(64).toString('base64url')),
    ],
    [
      'its signature is DER',
      (question) => {
        const input = unsignedJwt(ANSWER_HEADER, answerClaims(question, true)).slice(0, -1);
        return `${input}.${sign('sha256', Buffer.from(input), es256.privateKey).toString('base64url')}`;
      },
    ],
    [
      'it is an HMAC with the public key as its secret',
      (question) => {
        const input = unsignedJwt({ ...ANSWER_HEADER, alg: 'HS256' }, answerClaims(question, true)).slice(0, -1);
        const secret = pemOf(es256.publicKey);
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      },
    ],
    [
      'it is RS256 under a rule with ES256',
      (question) => signJwt({ ...ANSWER_HEADER, alg: 'RS256' }, answerClaims(question, true), rs256.privateKey),
    ],
    [
      'it is ES256 that says RS256',
      (question) => signJwt({ ...ANSWER_HEADER, alg: 'RS256' }, answerClaims(question, true), es256.privateKey),
    ],
    [
      'one bit of the claims is changed',
      (question) => {
        const [header, claims = '', signature] = yes(question).split('.');
        return `${header}.${claims.slice(0, -1)}${claims.endsWith('A') ? 'B' : 'A'}.${signature}`;
      },
    ],
    [
      'the claims of a no were replaced',
      (question) => {
        const no = signJwt(ANSWER_HEADER, answerClaims(question, false), es256.privateKey);
        return unsignedJwt(ANSWER_HEADER, answerClaims(question, true), no.split('.')[2]);
      },
    ],
    ['it is our question sent back', (question) => question.jwt],
    [
      'it is no JSON inside',
      (question) => {
        const input = `${yes(question).split('.')[0]}.${Buffer.from('approved').toString('base64url')}`;
        const signature = sign('sha256', Buffer.from(input), { key: es256.privateKey, dsaEncoding: 'ieee-p1363' });
        return `${input}.${signature.toString('base64url')}`;
      },
    ],
    ['its claims are a list', () => signJwt(ANSWER_HEADER, [true], es256.privateKey)],
    ['its claims are true', () => signJwt(ANSWER_HEADER, true, es256.privateKey)],
    ['its claims are null', () => signJwt(ANSWER_HEADER, null, es256.privateKey)],
    ['it is empty', () => ''],
    ['it is a page', () => '<html>approved</html>'],
    ['it is JSON', (question) => JSON.stringify(answerClaims(question, true))],
    ['it is a JWT in JSON', (question) => JSON.stringify({ token: yes(question) })],
    [
      'it is a JWS in JSON form',
      (question) => {
        const [header, payload, signature] = yes(question).split('.');
        return JSON.stringify({ protected: header, payload, signature });
      },
    ],
    ['it is encrypted', () => 'eyJhbGciOiJkaXIifQ..AA.AA.AA'],
    ['there are two of them', (question) => `${yes(question)} ${yes(question)}`],
    ['it has padding', (question) => `${yes(question)}==`],
    [
      'it is larger than 64 KiB',
      (question) =>
        signJwt(ANSWER_HEADER, { ...answerClaims(question, true), x: 'x'.repeat(65_536) }, es256.privateKey),
    ],
    ...[201, 202, 204, 206, 302, 400, 403, 500].map((status): [string, (question: Question) => Reply] => [
      `it comes with status ${status}`,
      (question) => (response) =>
        response.writeHead(status, status === 302 ? { location: '/' } : {}).end(yes(question)),
    ]),
    [
      'it is compressed',
      (question) => (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(yes(question)),
    ],
    [
      'it breaks off',
      (question) => (response) =>
        response.writeHead(200, { 'content-length': '5000' }).write(yes(question), () => response.destroy()),
    ],
  ])('are a no when %s', async (_, reply) => {
    const { answer } = await askWith(reply);
    expect(answer).toEqual({ approved: false, reason: expect.any(String) });
  });

  it('are a no when they are those to an earlier, equal question', async () => {
    const kept: string[] = [];
    const first = await askWith((question) => {
      kept.push(yes(question));
      return kept[0] ?? '';
    });
    expect(first.answer.approved).toBe(true);
    expect((await askWith(() => kept[0] ?? '')).answer.approved).toBe(false);
  });

  it('are a no when they took too long, wherever the time went', async () => {
    const slow = { timeoutMs: 200 };
    const never = (): Reply => () => {};
    const startedMs = performance.now();
    const answers = await Promise.all([
      askWith(never, {}, {}, slow),
      askWith(yes, {}, {}, { ...slow, signQuestion: () => new Promise(() => {}) }),
      askWith(yes, {}, {}, { ...slow, identity: () => new Promise(() => {}) }),
      askWith(
        (question) => (response) => {
          const text = yes(question);
          let sent = 0;
          const timer = setInterval(() => response.write(text[sent++] ?? ''), 10);
          response.on('close', () => clearInterval(timer));
        },
        {},
        {},
        slow,
      ),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    for (const { answer } of answers) expect(answer).toEqual({ approved: false, reason: 'no answer in time' });
  });

  it('are a no when the question could not be signed, and the reason stays inside', async () => {
    const broken = { signQuestion: () => Promise.reject(new Error('signer 3 at fd 7')) };
    expect((await askWith(yes, {}, {}, broken)).answer).toEqual({ approved: false, reason: 'it could not be asked' });
    const short = { signQuestion: async () => new Uint8Array(63) };
    expect((await askWith(yes, {}, {}, short)).answer.approved).toBe(false);
  });

  it('are a no when nobody is there, or the place is not allowed', async () => {
    const { server } = await askWith(yes);
    await server.close();
    expect((await askWith(yes, {}, { url: server.url })).answer.approved).toBe(false);
    const { answer } = await askWith(yes, {}, { url: 'http://169.254.169.254/latest/meta-data' });
    expect(answer.approved === false && answer.reason).toContain('--outbound-allow');
  });
});
