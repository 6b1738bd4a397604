import { createPublicKey, generateKeyPairSync, hash, randomBytes, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityWorld, keyAssertion, signerOf } from '../../test/identity-world.ts';
import { type ApprovalId, idBytes, newId } from '../ids.ts';
import { encodeEvent } from '../log/event-entry.ts';
import { createUserActions } from './create-user-actions.ts';
import type { Credential } from './credential.ts';
import type { ActionSubject } from './user-action.ts';

const SUBJECT: ActionSubject = { method: 'POST', path: '/keys', body: Buffer.from('{"scheme":"ECDSA"}') };
const MINUTE = 60_000;

describe('a user action', () => {
  it('is proven by the credential of the token, and the proof is in the log', async () => {
    const world = await identityWorld();
    const { caller, credential, token, signer } = await world.service();
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT);
    const proven = await world.userActions.prove(caller, text, SUBJECT);
    expect(proven).toEqual({
      ...caller,
      proof: { credentialId: credential.id, tokenId: token.id, subjectDigest: undefined, logIndex: 0 },
    });
    expect(world.events).toHaveLength(1);
  });

  it('leaves evidence from which anybody computes the challenge and checks the signature', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    await world.userActions.prove(caller, await world.actionToken(caller, credential.id, signer, SUBJECT), SUBJECT);
    const details = world.events[0]?.details ?? {};
    const bytes = (name: string): Buffer => Buffer.from(String(details[name]), 'base64url');
    const expiry = Buffer.alloc(8);
    expiry.writeBigUInt64BE(BigInt(Number(details['expiresAtMs'])));
    const fields = [
      Buffer.from('countersign/user-action/v1'),
      Buffer.from(String(details['method'])),
      Buffer.from(String(details['path'])),
      bytes('bodyDigest'),
      Buffer.alloc(32),
      idBytes(caller.principal.id),
      bytes('nonce'),
      expiry,
    ];
    const lengthPrefixed = fields.flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]);
    const challenge = hash('sha256', Buffer.concat(lengthPrefixed), 'base64url');
    expect(JSON.parse(bytes('clientData').toString())).toEqual({ type: 'key.get', challenge });
    const key = createPublicKey({ key: bytes('publicKey'), format: 'der', type: 'spki' });
    expect(verify(null, bytes('clientData'), key, bytes('signature'))).toBe(true);
    expect(bytes('bodyDigest')).toEqual(hash('sha256', SUBJECT.body, 'buffer'));
  });

  it('is good once', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => world.userActions.prove(caller, text, SUBJECT)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(world.userActions.prove(caller, text, SUBJECT)).rejects.toMatchObject({
      code: 'invalid_request',
      subject: 'user-action-used',
    });
    expect(world.events).toHaveLength(1);
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['path', { path: '/keys/' }],
    ['body', { body: Buffer.from('{"scheme":"ECDSA" }') }],
  ])('is spent by a request with another %s', async (_what, change) => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT);
    await expect(world.userActions.prove(caller, text, { ...SUBJECT, ...change })).rejects.toMatchObject({
      code: 'forbidden',
      subject: 'user-action',
    });
    await expect(world.userActions.prove(caller, text, SUBJECT)).rejects.toMatchObject({ subject: 'user-action-used' });
    expect(world.events).toEqual([]);
  });

  it('fits no body but the one that was signed', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const bodies = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(bodies, bodies, async (signed, sent) => {
        const text = await world.actionToken(caller, credential.id, signer, { ...SUBJECT, body: signed });
        const proving = world.userActions.prove(caller, text, { ...SUBJECT, body: sent });
        if (Buffer.compare(signed, sent) === 0) await proving;
        else await expect(proving).rejects.toMatchObject({ subject: 'user-action' });
      }),
      { numRuns: 50 },
    );
  });

  it('is of one caller: another principal, or another token of the same, has nothing from it', async () => {
    const world = await identityWorld();
    const mine = await world.service();
    const other = await world.service();
    const begun = await world.userActions.begin(mine.caller, SUBJECT, undefined);
    const assertion = keyAssertion(mine.credential.id, mine.signer, begun.challenge);
    await expect(world.userActions.complete(other.caller, begun.identifier, assertion)).rejects.toMatchObject({
      subject: 'challenge',
    });
    const again = await world.userActions.begin(mine.caller, SUBJECT, undefined);
    const byAnother = keyAssertion(other.credential.id, other.signer, again.challenge);
    await expect(world.userActions.complete(mine.caller, again.identifier, byAnother)).rejects.toMatchObject({
      code: 'forbidden',
      subject: 'credential',
    });
    for (const thief of [other.caller, { ...mine.caller, token: { id: newId(), credentialId: mine.credential.id } }]) {
      const text = await world.actionToken(mine.caller, mine.credential.id, mine.signer, SUBJECT);
      await expect(world.userActions.prove(thief as typeof mine.caller, text, SUBJECT)).rejects.toMatchObject({
        code: 'forbidden',
        subject: 'user-action',
      });
    }
  });

  it('expires after five minutes, as a challenge and as a token', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const begun = await world.userActions.begin(caller, SUBJECT, undefined);
    expect(begun.expiresAtMs).toBe(world.clock.nowMs + 5 * MINUTE);
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT);
    world.clock.nowMs += 5 * MINUTE;
    const assertion = keyAssertion(credential.id, signer, begun.challenge);
    await expect(world.userActions.complete(caller, begun.identifier, assertion)).rejects.toMatchObject({
      subject: 'challenge',
    });
    await expect(world.userActions.prove(caller, text, SUBJECT)).rejects.toMatchObject({ subject: 'user-action-used' });
  });

  it('has a challenge that is spent by a wrong answer', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const { challenge, identifier } = await world.userActions.begin(caller, SUBJECT, undefined);
    const wrong = keyAssertion(credential.id, signerOf(), challenge);
    await expect(world.userActions.complete(caller, identifier, wrong)).rejects.toMatchObject({
      code: 'forbidden',
      subject: 'credential',
    });
    const right = keyAssertion(credential.id, signer, challenge);
    await expect(world.userActions.complete(caller, identifier, right)).rejects.toMatchObject({ subject: 'challenge' });
  });

  it('needs an active credential, from the challenge to the use', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const begun = await world.userActions.begin(caller, SUBJECT, undefined);
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT);
    await world.identities.setCredentialActive(world.admin, credential.id, false);
    await expect(world.userActions.begin(caller, SUBJECT, undefined)).rejects.toMatchObject({
      code: 'forbidden',
      subject: 'credential',
    });
    const assertion = keyAssertion(credential.id, signer, begun.challenge);
    await expect(world.userActions.complete(caller, begun.identifier, assertion)).rejects.toMatchObject({
      subject: 'credential',
    });
    await expect(world.userActions.prove(caller, text, SUBJECT)).rejects.toMatchObject({ subject: 'user-action' });
  });

  it('on a decision covers what is decided on', async () => {
    const world = await identityWorld();
    const { caller, credential, signer } = await world.service();
    const approvalId = newId<ApprovalId>();
    await expect(world.userActions.begin(caller, SUBJECT, approvalId)).rejects.toMatchObject({
      code: 'not_found',
      subject: 'approval',
    });
    const digest = new Uint8Array(randomBytes(32));
    world.approvals.set(approvalId, digest);
    const text = await world.actionToken(caller, credential.id, signer, SUBJECT, approvalId);
    const { proof } = await world.userActions.prove(caller, text, SUBJECT);
    expect(proof?.subjectDigest).toEqual(digest);
    expect(world.events[0]?.details['subjectDigest']).toBe(Buffer.from(digest).toString('base64url'));
  });

  it.each([
    ['GET', '/keys'],
    ['post', '/keys'],
    ['POST', 'keys'],
    ['POST', ''],
    ['POST', '/keys?x=1'],
    ['POST', '/keys#x'],
    ['POST', '/k\u00e9ys'],
    ['POST', `/${'x'.repeat(2048)}`],
  ])('is not begun for %s %s', async (method, path) => {
    const world = await identityWorld();
    const { caller } = await world.service();
    await expect(
      world.userActions.begin(caller, { method, path, body: new Uint8Array() }, undefined),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('is begun a thousand times at most by one caller, and others go on', async () => {
    const world = await identityWorld();
    const { caller } = await world.service();
    const other = await world.service();
    for (let i = 0; i < 1000; i++) await world.userActions.begin(caller, SUBJECT, undefined);
    await expect(world.userActions.begin(caller, SUBJECT, undefined)).rejects.toMatchObject({ code: 'rate_limited' });
    await world.userActions.begin(other.caller, SUBJECT, undefined);
    world.clock.nowMs += 5 * MINUTE;
    await world.userActions.begin(caller, SUBJECT, undefined);
  });

  it('of a person is answered by its own credentials, and not by those of its programs', async () => {
    const world = await identityWorld();
    const { caller, credential } = await world.person('ada@example.com', true);
    const pat = await world.identities.createPersonalToken(caller, {
      name: 'ci',
      publicKeyPem: signerOf().publicKeyPem,
      roleIds: [],
      externalId: undefined,
      lifetimeSeconds: 60,
    });
    const ids = (credentials: readonly Credential[]): readonly string[] => credentials.map(({ id }) => id);
    const own = await world.userActions.begin(caller, SUBJECT, undefined);
    expect(ids(own.credentials)).toEqual([credential.id]);
    const program = await world.sessions.authenticateAccessToken(pat.accessToken, 'test');
    const ofProgram = await world.userActions.begin(program, SUBJECT, undefined);
    expect(ids(ofProgram.credentials)).toEqual([pat.credential.id]);
  });

  it('fits into the log with everything as large as it may be', async () => {
    const world = await identityWorld();
    const pair = generateKeyPairSync('ed25519');
    const publicKey = new Uint8Array(2048);
    const material = { kind: 'passkey', rawId: new Uint8Array(1023), publicKey, signCount: 0, transports: [] } as const;
    const { caller, credential } = await world.service();
    const large: Credential = { ...credential, material };
    const actions = createUserActions({
      identities: { ...world.store, findCredential: async () => large, findPasskey: async () => large },
      passkeys: {
        relyingParty: { id: '', name: '' },
        verifyAttestation: async () => undefined,
        verifyAssertion: async () => 1,
      },
      approvalDigest: async () => new Uint8Array(32),
      record: async (event) => encodeEvent(event, 1).length,
      now: () => world.clock.nowMs,
    });
    const subject = { ...SUBJECT, path: `/${'~'.repeat(2047)}` };
    const { identifier } = await actions.begin(caller, subject, newId());
    const text = await actions.complete(caller, identifier, {
      kind: 'passkey',
      rawId: material.rawId,
      clientData: new Uint8Array(4096),
      authenticatorData: new Uint8Array(1024),
      signature: Buffer.concat([sign(null, SUBJECT.body, pair.privateKey), Buffer.alloc(960)]),
      userHandle: undefined,
    });
    expect((await actions.prove(caller, text, subject)).proof?.logIndex).toBeGreaterThan(10_000);
  });
});
