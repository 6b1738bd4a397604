/** A service account with an Ed25519 credential, and the three calls of each change that it makes. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { ServiceProcess } from '../../scripts/demo/service-process.ts';
import { BearerConnection } from './bearer-connection.ts';

export interface ActionUser {
  readonly credentialId: string;
  readonly accessToken: string;
  readonly privateKey: KeyObject;
}

export async function addActionUser(service: ServiceProcess): Promise<ActionUser> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const administrator = await BearerConnection.open(service.host, service.port, service.apiKey);
  try {
    const body = { name: `user ${randomUUID()}`, publicKey: publicKey.export({ type: 'spki', format: 'pem' }) };
    const made = await administrator.demand('POST', '/api/v1/service-accounts', JSON.stringify(body));
    return { credentialId: text(made, 'credentialId'), accessToken: text(made, 'accessToken'), privateKey };
  } finally {
    administrator.close();
  }
}

export function openUserConnection(
  { host, port }: ServiceProcess,
  { accessToken }: ActionUser,
): Promise<BearerConnection> {
  return BearerConnection.open(host, port, accessToken);
}

/** Challenge, its answer, and the change itself: what the product's client does for every change. @throws Error */
export async function changeByThreeCalls(
  connection: BearerConnection,
  { credentialId, privateKey }: ActionUser,
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: string,
): Promise<Readonly<Record<string, unknown>>> {
  const begun = await connection.demand(
    'POST',
    '/auth/action/init',
    JSON.stringify({ userActionPayload: body, userActionHttpMethod: method, userActionHttpPath: path }),
  );
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: text(begun, 'challenge') }));
  const completed = await connection.demand(
    'POST',
    '/auth/action',
    JSON.stringify({
      challengeIdentifier: text(begun, 'challengeIdentifier'),
      firstFactor: {
        kind: 'Key',
        credentialAssertion: {
          credId: credentialId,
          clientData: clientData.toString('base64url'),
          signature: sign(null, clientData, privateKey).toString('base64url'),
        },
      },
    }),
  );
  return connection.demand(method, path, body, text(completed, 'userAction'));
}

/** @throws Error where the answer has no such text */
export function text(answer: Readonly<Record<string, unknown>>, member: string): string {
  const value = answer[member];
  if (typeof value !== 'string') throw new Error(`the answer has no ${member}: ${JSON.stringify(answer)}`);
  return value;
}
