/** For tests: the product's own client in both versions that we support, and the three calls of a change by hand. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { DfnsApiClient as Client083, type DfnsError } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import { DfnsApiClient } from 'dfns-sdk-0.8.21';

export type { DfnsApiClient };

export interface SdkVersion {
  readonly name: string;
  create(options: ConstructorParameters<typeof DfnsApiClient>[0]): DfnsApiClient;
}

export const SDK_VERSIONS: readonly SdkVersion[] = [
  // The older one types less and sends the same: both are called through the newer one's types.
  { name: '@dfns/sdk 0.8.3', create: (options) => new Client083(options) as unknown as DfnsApiClient },
  { name: '@dfns/sdk 0.8.21', create: (options) => new DfnsApiClient(options) },
];

/** Every kind of key that the product's signer can have. */
export const CREDENTIAL_KEYS = {
  ed25519: () => generateKeyPairSync('ed25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  'RSA-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const satisfies Readonly<Record<string, () => { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>>;

export type CredentialKeyKind = keyof typeof CREDENTIAL_KEYS;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RawCall {
  readonly method: string;
  readonly path: string;
  /** A text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly userAction?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One HTTP call with a bearer token. Every answer of this API is JSON, and one that isn't fails here. */
export async function callRaw(url: string, call: RawCall): Promise<Answer> {
  const response = await fetch(url + call.path, {
    method: call.method,
    headers: {
      'content-type': 'application/json',
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(call.userAction !== undefined && { 'x-dfns-useraction': call.userAction }),
      ...call.headers,
    },
    ...(call.body !== undefined && { body: textOf(call.body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Answer['body'] };
}

export function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Somebody with a credential and a token. */
export interface Holder {
  readonly userId: string;
  readonly credentialId: string;
  readonly accessToken: string;
  readonly privateKey: KeyObject;
}

export interface Challenge {
  readonly challenge: string;
  readonly challengeIdentifier: string;
}

export interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** The first of the three calls. */
export async function beginAction(
  url: string,
  holder: Pick<Holder, 'accessToken'>,
  { method, path, body = '{}' }: Change,
): Promise<Answer & { readonly challenge: Challenge }> {
  const answer = await callRaw(url, {
    method: 'POST',
    path: '/auth/action/init',
    token: holder.accessToken,
    body: { userActionPayload: textOf(body), userActionHttpMethod: method, userActionHttpPath: path },
  });
  return { ...answer, challenge: answer.body as unknown as Challenge };
}

export interface AnswerOptions {
  readonly clientData?: Buffer;
  readonly signature?: Buffer;
  readonly privateKey?: KeyObject;
  readonly credentialId?: string;
  readonly accessToken?: string;
}

/** The second: `options` replace what an honest client would send. */
export function completeAction(
  url: string,
  holder: Holder,
  { challenge, challengeIdentifier }: Challenge,
  options: AnswerOptions = {},
): Promise<Answer> {
  const clientData = options.clientData ?? Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
  const signature = options.signature ?? sign(null, clientData, options.privateKey ?? holder.privateKey);
  return callRaw(url, {
    method: 'POST',
    path: '/auth/action',
    token: options.accessToken ?? holder.accessToken,
    body: {
      challengeIdentifier,
      firstFactor: {
        kind: 'Key',
        credentialAssertion: {
          credId: options.credentialId ?? holder.credentialId,
          clientData: clientData.toString('base64url'),
          signature: signature.toString('base64url'),
        },
      },
    },
  });
}

/** Both; the token for the third. @throws Error where the service gives none */
export async function proveAction(url: string, holder: Holder, change: Change): Promise<string> {
  const { challenge, status, text } = await beginAction(url, holder, change);
  if (status !== 200) throw new Error(`no challenge: ${text}`);
  const answer = await completeAction(url, holder, challenge);
  const { userAction } = answer.body;
  if (typeof userAction !== 'string') throw new Error(`no user action: ${answer.text}`);
  return userAction;
}

/** All three. */
export async function change(url: string, holder: Holder, wanted: Change): Promise<Answer> {
  const userAction = await proveAction(url, holder, wanted);
  return callRaw(url, { body: '{}', ...wanted, token: holder.accessToken, userAction });
}

/** A service account by our own API, with the bootstrap key or another administrator's. */
export async function addServiceAccount(
  url: string,
  apiKey: string,
  options: { readonly name?: string; readonly key?: CredentialKeyKind; readonly operations?: readonly string[] } = {},
): Promise<Holder> {
  const { publicKey, privateKey } = CREDENTIAL_KEYS[options.key ?? 'ed25519']();
  const answer = await callRaw(url, {
    method: 'POST',
    path: '/api/v1/service-accounts',
    token: apiKey,
    body: {
      name: options.name ?? `service ${randomUUID()}`,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
      ...(options.operations !== undefined && { operations: options.operations }),
    },
  });
  if (answer.status !== 201) throw new Error(`no service account: ${answer.text}`);
  return { ...(answer.body as unknown as Omit<Holder, 'privateKey'>), privateKey };
}

export function clientOf(
  url: string,
  holder: Pick<Holder, 'credentialId' | 'accessToken' | 'privateKey'>,
  version: SdkVersion,
  orgId?: string,
): DfnsApiClient {
  return version.create({
    baseUrl: url,
    authToken: holder.accessToken,
    ...(orgId !== undefined && { orgId }),
    signer: signerOf(holder),
  });
}

export function signerOf({
  credentialId,
  privateKey,
}: Pick<Holder, 'credentialId' | 'privateKey'>): AsymmetricKeySigner {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return new AsymmetricKeySigner({ credId: credentialId, privateKey: pem.toString() });
}

/** What the client throws, whichever of its versions. @throws Error where nothing was refused */
export async function refusal(call: Promise<unknown>): Promise<DfnsError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'httpStatus' in error) return error as DfnsError;
    throw error;
  }
  throw new Error('the call was not refused');
}

/** Until a condition holds, looking every few milliseconds. @throws Error after some seconds */
export async function until<Value>(look: () => Promise<Value | undefined>, what: string, ms = 10_000): Promise<Value> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
