/**
 * For tests: calls of our own API by name, without a socket. Every answer is checked against the schema that its endpoint
 * gives for its status, and an error against that of errors; members that no schema knows count as wrong.
 */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import type { Endpoint } from '../src/dialects/dialect.ts';
import { ENDPOINTS } from '../src/dialects/native/endpoints.ts';
import { ErrorSchema } from '../src/dialects/native/native-error.ts';
import type { HttpServer } from '../src/http/http-server.ts';
import { complaintsAbout } from './unknown-members.ts';

export interface NativeCallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  /** API key or token, sent as `Bearer`; null: none. */
  readonly token?: string | null;
  readonly userAction?: string;
}

/** Of any shape: it was checked against its schema. */
export type Wire = ReturnType<typeof JSON.parse>;

export interface NativeAnswer {
  readonly status: number;
  readonly body: Wire;
}

export type NativeCall = (operation: string, options?: NativeCallOptions) => Promise<NativeAnswer>;

/** @param onCall told of every operation that was answered well */
export function nativeClient(
  server: HttpServer,
  apiKey: string,
  onCall: (operation: string) => void = () => {},
): NativeCall {
  return async (operation, options = {}) => {
    const endpoint = endpointOf(operation);
    const { method, responses } = endpoint;
    const token = options.token === undefined ? apiKey : options.token;
    const response = await server.inject({
      method,
      url: pathOf(endpoint, options),
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(options.userAction !== undefined && { 'x-countersign-user-action': options.userAction }),
      },
      ...(options.body !== undefined && { payload: bodyText(options.body) }),
    });
    const body: Wire = JSON.parse(response.body);
    const schema = response.statusCode < 400 ? responses[response.statusCode] : ErrorSchema;
    if (schema === undefined) throw new Error(`${operation} answered ${response.statusCode}, which it doesn't name`);
    const complaints = complaintsAbout(schema, body);
    if (complaints.length > 0) throw new Error(`${operation}: ${complaints.join('; ')}: ${response.body}`);
    if (response.statusCode < 400) onCall(operation);
    return { status: response.statusCode, body };
  };
}

function endpointOf(operation: string): Endpoint {
  const endpoint = ENDPOINTS.find((each) => each.operation === operation);
  if (endpoint === undefined) throw new Error(`no call has the name ${operation}`);
  return endpoint;
}

function pathOf({ path }: Pick<Endpoint, 'path'>, { params = {}, query }: NativeCallOptions): string {
  const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });
  return query === undefined ? filled : `${filled}?${new URLSearchParams(query).toString()}`;
}

function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** A key that proves actions, as a client holds it. */
export interface SoftwareKey {
  readonly publicKeyPem: string;
  /** What `login` and `completeUserAction` take. */
  assert(credentialId: string, challenge: string): Readonly<Record<string, string>>;
  /** What `register` and `createCredential` take. */
  attest(challenge: string): Readonly<Record<string, string>>;
}

export function softwareKey(): SoftwareKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const signed = (bytes: Uint8Array, key: KeyObject = privateKey): string => base64(sign(null, bytes, key));
  return {
    publicKeyPem,
    assert(credentialId, challenge) {
      const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
      return { kind: 'key', credentialId, clientData: base64(clientData), signature: signed(clientData) };
    },
    attest(challenge) {
      const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge }));
      const clientDataHash = hash('sha256', clientData, 'hex');
      const signature = signed(Buffer.from(JSON.stringify({ clientDataHash, publicKey: publicKeyPem })));
      return { kind: 'key', clientData: base64(clientData), publicKey: publicKeyPem, signature };
    },
  };
}

/** The three calls of a change by somebody with a credential: challenge, answer, and the call itself with its proof. */
export async function proven(
  call: NativeCall,
  who: { readonly token: string; readonly credentialId: string; readonly key: SoftwareKey },
  operation: string,
  options: NativeCallOptions = {},
): Promise<NativeAnswer> {
  const { token, credentialId, key } = who;
  const endpoint = endpointOf(operation);
  const text = options.body === undefined ? '' : bodyText(options.body);
  const begun = await call('beginUserAction', {
    token,
    body: { method: endpoint.method, path: pathOf(endpoint, options), body: Buffer.from(text).toString('base64') },
  });
  if (begun.status !== 201) throw new Error(`no challenge: ${JSON.stringify(begun.body)}`);
  const completed = await call('completeUserAction', {
    token,
    body: { identifier: begun.body.identifier, assertion: key.assert(credentialId, begun.body.challenge) },
  });
  if (completed.status !== 200) throw new Error(`no user action: ${JSON.stringify(completed.body)}`);
  return call(operation, { ...options, token, userAction: completed.body.userAction });
}
