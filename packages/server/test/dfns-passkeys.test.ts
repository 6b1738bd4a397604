/** People with passkeys through the product's own client: registration, login, and the proof of every change. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSimpleWebauthnPasskeys } from '../src/passkeys/simple-webauthn-passkeys.ts';
import { ORIGIN, RP_ID, SoftwareAuthenticator } from '../src/passkeys/software-authenticator.fixture.ts';
import {
  addServiceAccount,
  clientOf,
  type DfnsApiClient,
  refusal,
  SDK_VERSIONS,
  type SdkVersion,
} from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';

let service: DfnsService;

beforeAll(async () => {
  service = await startDfnsService({
    passkeys: createSimpleWebauthnPasskeys({ relyingParty: { id: RP_ID, name: 'Countersign' }, origins: [ORIGIN] }),
  });
}, 60_000);

afterAll(() => service?.close());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** What the product's signer for browsers makes of an authenticator's answer. */
function signerOf(authenticator: SoftwareAuthenticator) {
  return {
    async sign({
      challenge,
      allowCredentials,
    }: {
      challenge: string;
      allowCredentials: { webauthn: { id: string }[] };
    }) {
      const credId = text(authenticator.rawId);
      if (!allowCredentials.webauthn.some(({ id }) => id === credId)) throw new Error('not asked for');
      const { clientData, authenticatorData, signature } = authenticator.get(challenge);
      return {
        kind: 'Fido2' as const,
        credentialAssertion: {
          credId,
          clientData: text(clientData),
          authenticatorData: text(authenticatorData),
          signature: text(signature),
        },
      };
    },
  };
}

interface Person {
  readonly email: string;
  readonly userId: string;
  readonly authenticator: SoftwareAuthenticator;
  readonly login: (authenticator?: SoftwareAuthenticator) => Promise<DfnsApiClient>;
}

async function register(
  administrator: DfnsApiClient,
  version: SdkVersion,
  algorithm: 'ES256' | 'EdDSA',
): Promise<Person> {
  const email = `${randomBytes(8).toString('hex')}@example.test`;
  const invited = await administrator.auth.createUser({ body: { email, kind: 'CustomerEmployee' } });
  const { registrationCode } = invited as unknown as { readonly registrationCode: string };
  const { orgId, userId } = invited;
  const nobody = version.create({ baseUrl: service.url });
  const begun = await nobody.auth.createRegistrationChallenge({ body: { username: email, registrationCode, orgId } });
  const authenticator = new SoftwareAuthenticator(algorithm);
  const made = authenticator.create(begun.challenge);
  await version.create({ baseUrl: service.url, authToken: begun.temporaryAuthenticationToken }).auth.register({
    body: {
      firstFactorCredential: {
        credentialKind: 'Fido2',
        credentialInfo: {
          credId: text(made.rawId),
          clientData: text(made.clientData),
          attestationData: text(made.attestationObject),
        },
      },
    },
  });
  return {
    email,
    userId,
    authenticator,
    async login(used = authenticator) {
      const challenge = await nobody.auth.createLoginChallenge({ body: { username: email, orgId } });
      const firstFactor = await signerOf(used).sign(challenge);
      const answer = await nobody.auth.login({
        body: { challengeIdentifier: challenge.challengeIdentifier, firstFactor },
      });
      if (!('token' in answer)) throw new Error('a login gives a token');
      return version.create({ baseUrl: service.url, authToken: answer.token, signer: signerOf(used) as never });
    },
  };
}

describe.each(SDK_VERSIONS)('$name', (version) => {
  let administrator: DfnsApiClient;
  beforeAll(async () => {
    administrator = clientOf(service.url, await addServiceAccount(service.url, service.apiKey), version);
  });

  it.each(['ES256', 'EdDSA'] as const)('a person registers, logs in and proves changes with %s', async (algorithm) => {
    const person = await register(administrator, version, algorithm);
    const role = await administrator.permissions.createPermission({
      body: { name: `${algorithm} ${person.email}`, operations: ['Keys:Create', 'Keys:Read'] },
    });
    await administrator.permissions.createAssignment({
      permissionId: role.id,
      body: { identityId: person.userId },
    });
    const inPerson = await person.login();
    const key = await inPerson.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
    expect((await inPerson.keys.getKey({ keyId: key.id })).id).toBe(key.id);
  });

  it("nobody's other authenticator logs in or proves anything", async () => {
    const [person, stranger] = [
      await register(administrator, version, 'ES256'),
      await register(administrator, version, 'ES256'),
    ];
    const forged = new SoftwareAuthenticator('ES256');
    forged.rawId.set(person.authenticator.rawId);
    expect((await refusal(person.login(forged))).httpStatus).toBe(401);
    await expect(person.login(stranger.authenticator)).rejects.toThrow();
    await person.login();
  });

  it('a person approves with a passkey what a program asked for', async () => {
    const person = await register(administrator, version, 'ES256');
    const role = await administrator.permissions.createPermission({
      body: {
        name: `approvers ${person.email}`,
        operations: ['Policies:Approvals:Read', 'Policies:Approvals:Approve'],
      },
    });
    await administrator.permissions.createAssignment({ permissionId: role.id, body: { identityId: person.userId } });
    const { id: keyId } = await administrator.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
    await administrator.policies.createPolicy({
      body: {
        name: 'four eyes',
        activityKind: 'Wallets:Sign',
        rule: { kind: 'AlwaysTrigger', configuration: {} },
        action: {
          kind: 'RequestApproval',
          approvalGroups: [
            {
              name: 'people',
              quorum: 1,
              approvers: { userId: { in: [person.userId] } },
              signedOnly: true,
            },
          ],
        },
        filters: { keyId: { in: [keyId] } },
      } as never,
    });
    const body = { kind: 'Hash', hash: `0x${randomBytes(32).toString('hex')}` } as const;
    const { id, status, approvalId = '' } = await administrator.keys.generateSignature({ keyId, body });
    expect(status).toBe('Pending');
    const inPerson = await person.login();
    await inPerson.policies.createApprovalDecision({ approvalId, body: { value: 'Approved' } });
    expect((await administrator.keys.getSignature({ keyId, signatureId: id })).status).toBe('Signed');
  });
});
