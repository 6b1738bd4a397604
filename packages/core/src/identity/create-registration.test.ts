import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { identityWorld, keyAssertion, keyAttestation, signerOf } from '../../test/identity-world.ts';
import { newId } from '../ids.ts';
import { administersAccount } from '../principal.ts';

let world: Awaited<ReturnType<typeof identityWorld>>;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EMAIL = 'ada@example.com';

beforeEach(async () => {
  world = await identityWorld();
});

function invite(email = EMAIL, administrator = false) {
  return world.registration.inviteUser(world.admin, { email, externalId: undefined, administrator });
}

describe('an invitation', () => {
  it('registers one person once, with a code that people can read', async () => {
    const { identity, registrationCode } = await invite('Ada@Example.COM');
    expect(identity).toMatchObject({ email: EMAIL, registered: false, credentials: [], assignments: [] });
    expect(identity.principal).toMatchObject({ kind: 'user', grants: [], requiresProof: false });
    expect(registrationCode).toMatch(/^([a-z2-7]{4}-){7}[a-z2-7]{4}$/);
    const signer = signerOf();
    const begun = await world.registration.beginRegistration('ADA@example.com', registrationCode.toUpperCase());
    expect(begun.user).toEqual({ id: identity.principal.id, name: EMAIL, displayName: EMAIL });
    const done = await world.registration.completeRegistration(
      begun.temporaryToken ?? '',
      keyAttestation(signer, begun.challenge),
      'laptop',
    );
    expect(done.credential).toMatchObject({ name: 'laptop', active: true, principalId: identity.principal.id });
    expect(done.identity).toMatchObject({ registered: true, principal: { requiresProof: true } });
    await expect(world.registration.beginRegistration(EMAIL, registrationCode)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('makes an administrator only where an administrator asks for it', async () => {
    const { identity } = await invite(EMAIL, true);
    expect(administersAccount(identity.principal)).toBe(true);
    const { caller } = await world.service({ permissions: ['create-user'] });
    const user = { email: 'b@example.com', externalId: undefined };
    await expect(world.registration.inviteUser(caller, { ...user, administrator: true })).rejects.toMatchObject({
      subject: 'exceeds-own',
    });
    await world.registration.inviteUser(caller, { ...user, administrator: false });
  });

  it('of an administrator waits for those who have to approve it', async () => {
    world.governed.asks.add('assign-role');
    const { identity } = await invite(EMAIL, true);
    expect(identity.principal.grants).toEqual([]);
    await world.governed.approve(world.admin);
    const principal = await world.directory.principal(identity.principal.id);
    expect(principal?.grants).toEqual([{ scope: { kind: 'account' }, permissions: ['administer'] }]);
  });

  it('is for one email once, and for addresses alone', async () => {
    await invite();
    await expect(invite('ADA@EXAMPLE.COM')).rejects.toMatchObject({ code: 'conflict', subject: 'user-name' });
    for (const email of [
      '',
      'ada',
      '@b.c',
      'a@',
      'a b@c.d',
      'a@b@c.d',
      'a\n@b.c',
      'ad\u00e4@b.c',
      `${'x'.repeat(250)}@b.c`,
    ])
      await expect(invite(email)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('ends after a day, also where it was begun before', async () => {
    const { registrationCode } = await invite();
    world.clock.nowMs += 24 * HOUR - MINUTE;
    const begun = await world.registration.beginRegistration(EMAIL, registrationCode);
    world.clock.nowMs += MINUTE;
    await expect(world.registration.beginRegistration(EMAIL, registrationCode)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(
      world.registration.completeRegistration(
        begun.temporaryToken ?? '',
        keyAttestation(signerOf(), begun.challenge),
        'late',
      ),
    ).rejects.toMatchObject({ subject: 'challenge' });
  });

  it('answers an unknown email, a wrong code and a disabled person with the same words', async () => {
    const { identity, registrationCode } = await invite();
    const other = await invite('bob@example.com');
    const same = {
      code: 'unauthenticated',
      message: 'email and registration code do not belong together, or the code is used',
    };
    for (const [email, code] of [
      ['nobody@example.com', registrationCode],
      ['no address', registrationCode],
      [EMAIL, other.registrationCode],
      [EMAIL, ''],
      [EMAIL, 'x'.repeat(10_000)],
    ] as const)
      await expect(world.registration.beginRegistration(email, code)).rejects.toMatchObject(same);
    await world.identities.setEnabled(world.admin, identity.principal.id, false);
    await expect(world.registration.beginRegistration(EMAIL, registrationCode)).rejects.toMatchObject(same);
  });

  it('answers no more wrong codes after ten, whether the person exists or not, and always the right one', async () => {
    const { registrationCode } = await invite();
    for (const email of [EMAIL, 'nobody@example.com']) {
      for (let i = 0; i < 10; i++)
        await expect(world.registration.beginRegistration(email, `wrong ${i}`)).rejects.toMatchObject({
          code: 'unauthenticated',
        });
      await expect(world.registration.beginRegistration(email, 'wrong again')).rejects.toMatchObject({
        code: 'rate_limited',
      });
    }
    // Anybody can send wrong codes: they must not keep the person itself out.
    await world.registration.beginRegistration(EMAIL, registrationCode);
  });

  it('is spent by one of two that complete it at once', async () => {
    const { registrationCode } = await invite();
    const attempts = await Promise.allSettled(
      [1, 2].map(async () => {
        const begun = await world.registration.beginRegistration(EMAIL, registrationCode);
        const attestation = keyAttestation(signerOf(), begun.challenge);
        return world.registration.completeRegistration(begun.temporaryToken ?? '', attestation, 'x');
      }),
    );
    expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('once renewed, replaces all that the person had, and the former code is dead', async () => {
    const person = await world.person(EMAIL);
    const lost = await world.registration.renewInvitation(world.admin, person.id);
    const code = await world.registration.renewInvitation(world.admin, person.id);
    await expect(world.registration.beginRegistration(EMAIL, lost)).rejects.toMatchObject({ code: 'unauthenticated' });
    await world.login(EMAIL, person.credential.id, person.signer);
    const begun = await world.registration.beginRegistration(EMAIL, code);
    const signer = signerOf();
    const { identity, credential } = await world.registration.completeRegistration(
      begun.temporaryToken ?? '',
      keyAttestation(signer, begun.challenge),
      'second',
    );
    expect(identity.credentials.map(({ id, active }) => [id, active])).toEqual([
      [person.credential.id, false],
      [credential.id, true],
    ]);
    await expect(world.login(EMAIL, person.credential.id, person.signer)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await world.login(EMAIL, credential.id, signer);
  });

  it('is renewed by nobody who may do less than the person: it is the way into its account', async () => {
    const boss = await world.person(EMAIL, true);
    const { caller } = await world.service({ permissions: ['update-user', 'create-user'] });
    await expect(world.registration.renewInvitation(caller, boss.id)).rejects.toMatchObject({ subject: 'exceeds-own' });
    const { caller: service } = await world.service();
    await expect(world.registration.renewInvitation(world.admin, service.principal.id)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('that is renewed under a policy works when it is approved', async () => {
    const person = await world.person(EMAIL);
    world.governed.asks.add('modify-credential');
    const code = await world.registration.renewInvitation(world.admin, person.id);
    expect(JSON.stringify(world.governed.pending)).not.toContain(code);
    await expect(world.registration.beginRegistration(EMAIL, code)).rejects.toMatchObject({ code: 'unauthenticated' });
    await world.governed.approve(world.admin);
    await world.registration.beginRegistration(EMAIL, code);
  });
});

describe('a new credential', () => {
  it('must be proven to be held, for this challenge', async () => {
    const { caller } = await world.person(EMAIL);
    const signer = signerOf();
    const other = signerOf();
    const attempts = [
      (challenge: string) => ({ ...keyAttestation(signer, challenge), publicKeyPem: other.publicKeyPem }),
      (challenge: string) => ({ ...keyAttestation(signer, challenge), signature: new Uint8Array(64) }),
      () => keyAttestation(signer, randomBytes(32).toString('base64url')),
      (challenge: string) => {
        const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
        return { ...keyAttestation(signer, challenge), clientData };
      },
      (challenge: string) => ({ ...keyAttestation(signer, challenge), publicKeyPem: 'no key' }),
    ];
    for (const attempt of attempts) {
      const begun = await world.registration.beginCredential(caller, 'key');
      const complete = (attestation: ReturnType<typeof keyAttestation>) =>
        world.registration.completeCredential(caller, begun.identifier, attestation, 'second');
      await expect(complete(attempt(begun.challenge))).rejects.toMatchObject({
        code: 'forbidden',
        subject: 'credential',
      });
      await expect(complete(keyAttestation(signer, begun.challenge))).rejects.toMatchObject({ subject: 'challenge' });
    }
    const begun = await world.registration.beginCredential(caller, 'key');
    const attestation = keyAttestation(signer, begun.challenge);
    const credential = await world.registration.completeCredential(caller, begun.identifier, attestation, 'second');
    await world.login(EMAIL, credential.id, signer);
  });

  it('is of the kind, the caller and the token that asked for it', async () => {
    const ada = await world.person(EMAIL);
    const bob = await world.person('bob@example.com');
    const again = await world.login(EMAIL, ada.credential.id, ada.signer);
    for (const thief of [bob.caller, again]) {
      const begun = await world.registration.beginCredential(ada.caller, 'key');
      const attestation = keyAttestation(signerOf(), begun.challenge);
      await expect(
        world.registration.completeCredential(thief, begun.identifier, attestation, 'x'),
      ).rejects.toMatchObject({ subject: 'challenge' });
    }
    const begun = await world.registration.beginCredential(ada.caller, 'passkey');
    await expect(
      world.registration.completeCredential(
        ada.caller,
        begun.identifier,
        keyAttestation(signerOf(), begun.challenge),
        'x',
      ),
    ).rejects.toMatchObject({ subject: 'challenge' });
  });

  it('is not for services, nor for a challenge of a first registration', async () => {
    const { caller: service } = await world.service();
    await expect(world.registration.beginCredential(service, 'key')).rejects.toMatchObject({ code: 'forbidden' });
    const { caller } = await world.person(EMAIL);
    const { registrationCode } = await invite('bob@example.com');
    const begun = await world.registration.beginRegistration('bob@example.com', registrationCode);
    await expect(
      world.registration.completeCredential(caller, begun.identifier, keyAttestation(signerOf(), begun.challenge), 'x'),
    ).rejects.toMatchObject({ subject: 'challenge' });
  });

  it('is not registered as the first one, which would switch the others off', async () => {
    const { caller } = await world.person(EMAIL);
    const begun = await world.registration.beginCredential(caller, 'key');
    const attestation = keyAttestation(signerOf(), begun.challenge);
    await expect(world.registration.completeRegistration(begun.identifier, attestation, 'x')).rejects.toMatchObject({
      subject: 'challenge',
    });
  });

  it('may be a passkey, which is named to browsers so that it is not made twice', async () => {
    const { caller } = await world.person(EMAIL);
    const pair = generateKeyPairSync('ed25519');
    const rawId = randomBytes(16);
    const register = async () => {
      const begun = await world.registration.beginCredential(caller, 'passkey');
      const attestation = {
        kind: 'passkey' as const,
        rawId,
        clientData: Buffer.from(begun.challenge),
        attestationObject: pair.publicKey.export({ format: 'der', type: 'spki' }),
      };
      return world.registration.completeCredential(caller, begun.identifier, attestation, 'phone');
    };
    const credential = await register();
    const next = await world.registration.beginCredential(caller, 'passkey');
    expect(next.excludeCredentials).toEqual([rawId.toString('base64url')]);
    await expect(register()).rejects.toMatchObject({ code: 'conflict', subject: 'passkey' });

    const begun = await world.registration.beginLogin(EMAIL);
    const clientData = Buffer.from(begun.challenge);
    await world.registration.completeLogin(begun.identifier, {
      kind: 'passkey',
      rawId,
      clientData,
      authenticatorData: Uint8Array.of(5),
      signature: sign(null, clientData, pair.privateKey),
      userHandle: undefined,
    });
    const stored = await world.store.findCredential(credential.accountId, credential.id);
    expect(stored?.material).toMatchObject({ signCount: 5 });
  });
});

describe('a login', () => {
  it('gives a token of eight hours that needs proof, and ends by logging out', async () => {
    const { caller, id } = await world.person(EMAIL);
    expect(caller.principal).toMatchObject({ id, requiresProof: true });
    const token = await world.store.findToken(caller.principal.accountId, caller.token?.id ?? newId());
    expect(token).toMatchObject({ kind: 'login', credentialId: undefined, expiresAtMs: world.clock.nowMs + 8 * HOUR });
    await world.registration.logout(caller);
    expect(await world.store.findToken(caller.principal.accountId, caller.token?.id ?? newId())).toBeUndefined();
  });

  it('is all that logging out ends', async () => {
    const { caller, token } = await world.service();
    for (const other of [caller, world.admin])
      await expect(world.registration.logout(other)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await world.store.findToken(token.accountId, token.id)).toBeDefined();
  });

  it('happens once for one challenge, and within five minutes', async () => {
    const { credential, signer } = await world.person(EMAIL);
    const begun = await world.registration.beginLogin(EMAIL);
    const assertion = keyAssertion(credential.id, signer, begun.challenge);
    const attempts = [1, 2, 3].map(() => world.registration.completeLogin(begun.identifier, assertion));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const bad = { code: 'unauthenticated', message: 'the login does not hold; begin it again' };
    await expect(world.registration.completeLogin(begun.identifier, assertion)).rejects.toMatchObject(bad);

    const respelled = Buffer.from(begun.identifier, 'base64url');
    respelled.writeUInt8(respelled.readUInt8(respelled.length - 1) ^ 1, respelled.length - 1);
    await expect(world.registration.completeLogin(respelled.toString('base64url'), assertion)).rejects.toMatchObject(
      bad,
    );

    const late = await world.registration.beginLogin(EMAIL);
    world.clock.nowMs += 5 * MINUTE;
    const answer = keyAssertion(credential.id, signer, late.challenge);
    await expect(world.registration.completeLogin(late.identifier, answer)).rejects.toMatchObject(bad);
  });

  it('is refused to a wrong signer, another person, a disabled one, a switched off credential and a made-up challenge', async () => {
    const ada = await world.person(EMAIL);
    const bob = await world.person('bob@example.com');
    const refused = async (identifier: string, assertion: ReturnType<typeof keyAssertion>): Promise<void> =>
      expect(world.registration.completeLogin(identifier, assertion)).rejects.toMatchObject({
        code: 'unauthenticated',
      });
    const begun = await world.registration.beginLogin(EMAIL);
    await refused(begun.identifier, keyAssertion(ada.credential.id, signerOf(), begun.challenge));
    await refused(begun.identifier, keyAssertion(bob.credential.id, bob.signer, begun.challenge));
    const { identifier, challenge } = begun;
    const forged = [`A${identifier.slice(1)}`, `${identifier}=`, identifier.slice(0, -1), '', 'x'.repeat(5000)];
    for (const text of forged) await refused(text, keyAssertion(ada.credential.id, ada.signer, challenge));
    await refused(identifier, keyAssertion(ada.credential.id, ada.signer, challenge, 'key.create'));
    await world.identities.setCredentialActive(world.admin, ada.credential.id, false);
    await refused(identifier, keyAssertion(ada.credential.id, ada.signer, challenge));
    await world.identities.setCredentialActive(world.admin, ada.credential.id, true);
    await world.identities.setEnabled(world.admin, ada.id, false);
    await refused(identifier, keyAssertion(ada.credential.id, ada.signer, challenge));
  });

  it('is offered to anybody, in the same way each time: asking tells nothing', async () => {
    await invite('invited@example.com');
    for (const email of ['nobody@example.com', 'invited@example.com']) {
      const [first, second] = [await world.registration.beginLogin(email), await world.registration.beginLogin(email)];
      expect(first.credentials).toHaveLength(1);
      expect(first.credentials[0]?.id).toBe(second.credentials[0]?.id);
      expect(first.credentials[0]?.material).toEqual(second.credentials[0]?.material);
      expect(first.challenge).not.toBe(second.challenge);
    }
    const known = await world.person(EMAIL);
    const offer = await world.registration.beginLogin(EMAIL);
    expect(offer.credentials.map(({ id }) => id)).toEqual([known.credential.id]);
    const unknown = await world.registration.beginLogin('nobody@example.com');
    expect(Object.keys(unknown)).toEqual(Object.keys(offer));
    expect(unknown.challenge).toHaveLength(offer.challenge.length);
  });
});
