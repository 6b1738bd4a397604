/**
 * Those who take part in the demo of approvals: a program that administers the account, and people who register with a
 * key of their own and log in. Everything after the program's first token goes through the unmodified client.
 */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { DfnsApiClient as Client083 } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import { type CredentialStore, DfnsApiClient, DfnsAuthenticator } from 'dfns-sdk-0.8.21';

export type { DfnsApiClient };

export interface SdkVersion {
  readonly name: string;
  readonly create: (options: ConstructorParameters<typeof DfnsApiClient>[0]) => DfnsApiClient;
}

export const SDK_VERSIONS: readonly SdkVersion[] = [
  // It types less than the newer one and sends the same: both are called through the newer one's types.
  { name: '0.8.3', create: (options) => new Client083(options) as unknown as DfnsApiClient },
  { name: '0.8.21', create: (options) => new DfnsApiClient(options) },
];

/** Somebody with a credential and an access token. */
export interface Holder {
  readonly name: string;
  readonly userId: string;
  readonly accessToken: string;
  /** What kind of key its credential is. */
  readonly credential: string;
  readonly clientOf: (version: SdkVersion) => DfnsApiClient;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const CREDENTIAL_KEYS: Readonly<Record<string, () => KeyPair>> = {
  Ed25519: () => generateKeyPairSync('ed25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'RSA-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

type Operations = Parameters<DfnsApiClient['permissions']['createPermission']>[0]['body']['operations'];

/** Of what the people do, in the words of the wire. */
const OPERATIONS: Operations = [
  'Keys:Read',
  'Keys:Signatures:Create',
  'Keys:Signatures:Read',
  'Policies:Approvals:Read',
  'Policies:Approvals:Approve',
];

/** An administrator, made by our own API with the administrator's API key: the one call that the client doesn't have. */
export async function createProgram(baseUrl: string, apiKey: string): Promise<Holder> {
  const keys = newKeys('Ed25519');
  const response = await fetch(`${baseUrl}/api/v1/service-accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'program', publicKey: pemOf(keys.publicKey) }),
  });
  if (response.status !== 201)
    throw new Error(`no service account: ${response.status} ${(await response.text()).slice(0, 400)}`);
  const account = (await response.json()) as Readonly<Record<'userId' | 'credentialId' | 'accessToken', string>>;
  return holderOf(baseUrl, 'program', 'Ed25519', keys, account);
}

/** One for each kind of credential, registered, logged in, and allowed to request, to sign and to approve. */
export async function registerPeople(baseUrl: string, program: Holder, names: readonly string[]): Promise<Holder[]> {
  const client = program.clientOf(newest());
  const role = await client.permissions.createPermission({ body: { name: 'desk', operations: OPERATIONS } });
  const people: Holder[] = [];
  for (const [index, name] of names.entries()) {
    const kinds = Object.keys(CREDENTIAL_KEYS);
    const person = await registerPerson(baseUrl, client, name, kinds[index % kinds.length] ?? 'Ed25519');
    await client.permissions.createAssignment({ permissionId: role.id, body: { identityId: person.userId } });
    people.push(person);
  }
  return people;
}

async function registerPerson(
  baseUrl: string,
  admin: DfnsApiClient,
  name: string,
  credential: string,
): Promise<Holder> {
  const username = `${name}@example.com`;
  const invited = await admin.auth.createUser({ body: { email: username, kind: 'CustomerEmployee' } });
  // The hosted product mails the code; this service answers with it.
  const { registrationCode } = invited as unknown as { readonly registrationCode: string };
  const keys = newKeys(credential);
  const { orgId } = invited;
  const newcomer = { sign: () => Promise.reject(new Error('has no credential yet')), create: createAttestation(keys) };
  const registered = await new DfnsAuthenticator({ baseUrl, signer: newcomer }).register({
    orgId,
    username,
    registrationCode,
  });
  const credentialId = registered.credential.uuid;
  const login = await new DfnsAuthenticator({ baseUrl, signer: signerOf(keys, credentialId) }).login({
    orgId,
    username,
  });
  const { userId } = invited;
  return holderOf(baseUrl, name, credential, keys, { userId, credentialId, accessToken: login.token });
}

/** A proof that the new key is held, as the product's own clients make it. */
function createAttestation({ publicKey, privateKey }: KeyPair): CredentialStore['create'] {
  return (challenged) => {
    if (!('challenge' in challenged)) throw new Error('no challenge to answer');
    const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge: challenged.challenge }));
    const pem = pemOf(publicKey);
    const proof = JSON.stringify({ clientDataHash: hash('sha256', clientData), publicKey: pem });
    const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    const signature = sign(algorithm, Buffer.from(proof), privateKey).toString('hex');
    const attestation = Buffer.from(JSON.stringify({ publicKey: pem, signature }));
    const credentialInfo = {
      credId: 'new',
      clientData: clientData.toString('base64url'),
      attestationData: attestation.toString('base64url'),
    };
    return Promise.resolve({ credentialKind: 'Key', credentialInfo });
  };
}

function holderOf(
  baseUrl: string,
  name: string,
  credential: string,
  keys: KeyPair,
  { userId, credentialId, accessToken }: Readonly<Record<'userId' | 'credentialId' | 'accessToken', string>>,
): Holder {
  const signer = signerOf(keys, credentialId);
  return {
    name,
    userId,
    accessToken,
    credential,
    clientOf: (version) => version.create({ baseUrl, authToken: accessToken, signer }),
  };
}

function signerOf({ privateKey }: KeyPair, credId: string): AsymmetricKeySigner {
  return new AsymmetricKeySigner({
    credId,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

function newKeys(kind: string): KeyPair {
  const make = CREDENTIAL_KEYS[kind];
  if (make === undefined) throw new RangeError(`no credentials of ${kind}`);
  return make();
}

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function newest(): SdkVersion {
  const version = SDK_VERSIONS.at(-1);
  if (version === undefined) throw new Error('no version of the client');
  return version;
}
