/**
 * A rule server for tests, written from docs/rule-servers.md with Node alone: nothing of the service's own code, so that
 * a mistake in it doesn't answer itself.
 */
import { createHash, createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Question {
  readonly jwt: string;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown> & {
    readonly request: Record<string, unknown>;
    readonly request_id: string;
    readonly iss: string;
  };
}

export interface TestRuleServer {
  readonly url: string;
  readonly questions: readonly Question[];
  close(): Promise<void>;
}

/** What to send: the text of the body, or a function that does what it likes with the answer. */
export type Reply = string | ((response: ServerResponse) => void);

export async function startTestRuleServer(
  reply: (question: Question) => Reply | Promise<Reply>,
): Promise<TestRuleServer> {
  const questions: Question[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const question = readQuestion(Buffer.concat(chunks).toString('latin1'));
      questions.push(question);
      void Promise.resolve(reply(question)).then((what) => {
        if (typeof what === 'string') response.end(what);
        else what(response);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/rule`,
    questions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readQuestion(jwt: string): Question {
  const [header = '', claims = ''] = jwt.split('.');
  const parse = (text: string): never => JSON.parse(Buffer.from(text, 'base64url').toString()) as never;
  return { jwt, header: parse(header), claims: parse(claims) };
}

/** Whether the question was signed by this key (PEM), and names it as its issuer. */
export function isQuestionBy(publicKeyPem: string, { jwt, claims }: Question): boolean {
  const key = createPublicKey(publicKeyPem);
  const fingerprint = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const [header, payload, signature = ''] = jwt.split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  return (
    claims.iss === fingerprint &&
    verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  );
}

/** The claims of a good answer. */
export function answerClaims(question: Question, approved: boolean, reason?: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    request_id: question.claims.request_id,
    request_hash: createHash('sha256').update(question.jwt).digest('hex'),
    aud: question.claims.iss,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    approved,
    ...(reason === undefined ? {} : { reason }),
  };
}

export const ANSWER_HEADER = { alg: 'ES256', typ: 'countersign-rule-answer+jwt' };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT over any header and claims, signed by ES256 or RS256 as the key is. */
export function signJwt(header: unknown, claims: unknown, privateKey: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export function unsignedJwt(header: unknown, claims: unknown, signature = ''): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}
