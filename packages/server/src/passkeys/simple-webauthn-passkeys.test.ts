import { randomBytes } from 'node:crypto';
import type { PasskeyFacts } from '@countersign/core/ports/passkeys';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimpleWebauthnPasskeys } from './simple-webauthn-passkeys.ts';
import { type Ceremony, FLAGS, ORIGIN, RP_ID, SoftwareAuthenticator } from './software-authenticator.fixture.ts';

const passkeys = createSimpleWebauthnPasskeys({
  relyingParty: { id: RP_ID, name: 'Countersign' },
  origins: ['https://other.example.com', ORIGIN],
});
const challenge = (): string => randomBytes(32).toString('base64url');

async function registered(authenticator: SoftwareAuthenticator): Promise<PasskeyFacts> {
  const text = challenge();
  const facts = await passkeys.verifyAttestation(authenticator.create(text), text);
  if (facts === undefined) throw new Error('not registered');
  return facts;
}

describe.each(['ES256', 'EdDSA'] as const)('a passkey of %s', (algorithm) => {
  it('is registered, and answers challenges with a count that grows', async () => {
    const authenticator = new SoftwareAuthenticator(algorithm);
    const known = await registered(authenticator);
    expect(known).toMatchObject({ signCount: 0 });
    expect(known.rawId).toEqual(authenticator.rawId);
    const [first, second] = [challenge(), challenge()];
    expect(await passkeys.verifyAssertion(authenticator.get(first), first, known)).toBe(1);
    expect(await passkeys.verifyAssertion(authenticator.get(second), second, { ...known, signCount: 1 })).toBe(2);
  });

  it('may attest itself', async () => {
    const authenticator = new SoftwareAuthenticator(algorithm);
    const text = challenge();
    const itself = authenticator.create(text, { format: 'packed' });
    expect(await passkeys.verifyAttestation(itself, text)).toBeDefined();
  });

  it('is nothing after a change of any bit of its answer', async () => {
    const authenticator = new SoftwareAuthenticator(algorithm);
    const known = await registered(authenticator);
    const text = challenge();
    const good = authenticator.get(text);
    const parts = fc.constantFrom<'rawId' | 'clientData' | 'authenticatorData' | 'signature'>(
      'rawId',
      'clientData',
      'authenticatorData',
      'signature',
    );
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(), fc.nat(7), async (part, position, bit) => {
        const changed = Buffer.from(good[part]);
        const index = position % changed.length;
        changed.writeUInt8(changed.readUInt8(index) ^ (1 << bit), index);
        const answer = { ...good, [part]: changed };
        expect(await passkeys.verifyAssertion(answer, text, known)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
    expect(await passkeys.verifyAssertion(good, text, known)).toBe(1);
  });
});

describe('passkeys', () => {
  const user = FLAGS.present | FLAGS.verified;

  it.each([
    ['another origin', { origin: 'https://evil.example.com' }],
    ['another port', { origin: `${ORIGIN}:8443` }],
    ['another relying party', { rpId: 'evil.example.com' }],
    ['nobody present', { flags: FLAGS.verified }],
    ['nobody verified', { flags: FLAGS.present }],
    ['another ceremony', { type: 'payment.get' }],
  ])('refuse answers with %s', async (_what, ceremony: Ceremony) => {
    const authenticator = new SoftwareAuthenticator('ES256');
    const known = await registered(authenticator);
    const text = challenge();
    expect(await passkeys.verifyAssertion(authenticator.get(text, ceremony), text, known)).toBeUndefined();
    expect(await passkeys.verifyAttestation(authenticator.create(text, ceremony), text)).toBeUndefined();
    expect(await passkeys.verifyAssertion(authenticator.get(text, { flags: user }), text, known)).toBeDefined();
  });

  it('refuse the answer to another challenge, of another passkey, and one as the other kind', async () => {
    const [authenticator, other] = [new SoftwareAuthenticator('ES256'), new SoftwareAuthenticator('ES256')];
    const [known, itsKnown] = [await registered(authenticator), await registered(other)];
    const text = challenge();
    expect(await passkeys.verifyAssertion(authenticator.get(challenge()), text, known)).toBeUndefined();
    expect(await passkeys.verifyAttestation(authenticator.create(challenge()), text)).toBeUndefined();
    expect(await passkeys.verifyAssertion(other.get(text), text, known)).toBeUndefined();
    const renamed = { ...other.get(text), rawId: authenticator.rawId };
    expect(await passkeys.verifyAssertion(renamed, text, known)).toBeUndefined();
    expect(await passkeys.verifyAssertion({ ...renamed, rawId: other.rawId }, text, itsKnown)).toBeDefined();
    const made = authenticator.create(text);
    expect(await passkeys.verifyAttestation({ ...made, rawId: other.rawId }, text)).toBeUndefined();
    expect(await passkeys.verifyAttestation({ ...made, clientData: other.get(text).clientData }, text)).toBeUndefined();
  });

  it('bring no certificates, about which others would have to be asked', async () => {
    const authenticator = new SoftwareAuthenticator('ES256');
    const text = challenge();
    const certified = authenticator.create(text, { format: 'fido-u2f' });
    expect(await passkeys.verifyAttestation(certified, text)).toBeUndefined();
  });

  it('refuse a count that went back, as of a copy', async () => {
    const authenticator = new SoftwareAuthenticator('ES256', 10);
    const known = { ...(await registered(authenticator)), signCount: 12 };
    for (const expected of [undefined, undefined, 13]) {
      const text = challenge();
      expect(await passkeys.verifyAssertion(authenticator.get(text), text, known)).toBe(expected);
    }
  });

  it('refuse rubbish without an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), async (a, b, c) => {
        expect(
          await passkeys.verifyAttestation({ rawId: a, clientData: b, attestationObject: c }, 'x'),
        ).toBeUndefined();
        const known = { rawId: a, publicKey: b, signCount: 0 };
        const answer = { rawId: a, clientData: b, authenticatorData: c, signature: a };
        expect(await passkeys.verifyAssertion(answer, 'x', known)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});
