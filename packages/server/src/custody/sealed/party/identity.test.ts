import { createHash, createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectReply, startTestParty, type TestParty } from './party-room.fixture.ts';

let party: TestParty;
let identity: Uint8Array;
let questionKey: Buffer;
let issuer: string;

beforeAll(async () => {
  party = await startTestParty();
  const made = expectReply(party.ask({ kind: 'create-identity' }), 'identity');
  identity = Uint8Array.from(made.sealed);
  questionKey = Buffer.from(made.questionKey);
  issuer = createHash('sha256').update(questionKey).digest('hex');
});

function ask(signingInput: string) {
  return party.ask({ kind: 'sign-question', identity, signingInput: Buffer.from(signingInput, 'latin1') });
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

const HEADER = encoded('{"alg":"ES256","typ":"countersign-rule-question+jwt"}');
const claims = (members: object = {}): string => encoded(JSON.stringify({ iss: issuer, jti: '1', ...members }));

describe('the key that signs questions to rule servers', () => {
  it('signs a question of this server', () => {
    const signingInput = `${HEADER}.${claims()}`;
    const { signature } = expectReply(ask(signingInput), 'signature');
    const key = createPublicKey({ key: questionKey, format: 'der', type: 'spki' });
    expect(verify('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it.each<[string, () => string]>([
    ['bytes that are no JWT', () => 'hello'],
    ['a JWT of another type', () => `${encoded('{"alg":"ES256","typ":"JWT"}')}.${claims()}`],
    ['an answer', () => `${encoded('{"alg":"ES256","typ":"countersign-rule-answer+jwt"}')}.${claims()}`],
    [
      'a header that says its type twice',
      () => `${encoded('{"typ":"JWT","alg":"ES256","typ":"countersign-rule-question+jwt"}')}.${claims()}`,
    ],
    [
      'a header with a key of its own',
      () => `${encoded('{"alg":"ES256","typ":"countersign-rule-question+jwt","jwk":{}}')}.${claims()}`,
    ],
    ['a question that is signed already', () => `${HEADER}.${claims()}.${encoded('signature')}`],
    ['claims that are no base64url', () => `${HEADER}.${claims()}==`],
    ['claims after a line break', () => `${HEADER}.${claims()}\n`],
    ['claims that are not JSON', () => `${HEADER}.${encoded('hello')}`],
    ['claims that are a list', () => `${HEADER}.${encoded('["iss"]')}`],
    ['no claims', () => `${HEADER}.`],
    ['a question of another server', () => `${HEADER}.${claims({ iss: '00'.repeat(32) })}`],
  ])('signs nothing else: %s', (_what, signingInput) => {
    expect(ask(signingInput())).toMatchObject({ kind: 'refused', code: 'forbidden' });
  });

  it('is not another sealed thing of this server', () => {
    const { sealed } = party.createKey('bip340');
    const signingInput = Buffer.from(`${HEADER}.${claims()}`);
    expect(party.ask({ kind: 'sign-question', identity: sealed, signingInput })).toMatchObject({
      kind: 'refused',
      code: 'invalid_request',
    });
  });
});
