/**
 * The demo's rule server, as docs/rule-servers.md describes one: it lets payments of up to 1,000 pass. It shares no code
 * with the service.
 *
 *   rule-server.ts PORT SERVER-URL...     whose identity keys it fetches at its start
 *
 * `POST /rule` answers questions, `GET /public-key` is its key in PEM, `GET /health` is 200.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import * as jose from 'jose';

const HOST = '127.0.0.1';
const LARGEST_PAYMENT = 1000;
const MAX_QUESTION_BYTES = 4 * 1024 * 1024;
const MAX_QUESTIONS = 100_000;
const PAYMENT = /^pay (\d{1,9}) to [a-z]{1,20}(, number \d{1,6})?$/;

const [port, ...serverUrls] = process.argv.slice(2);
const { privateKey, publicKey } = await jose.generateKeyPair('ES256');
const publicKeyPem = await jose.exportSPKI(publicKey);
// Fetching them is for loopback. Elsewhere somebody compares the keys by another way.
const askers = new Map(await Promise.all(serverUrls.map(fetchIdentity)));
/** Ids of questions that were answered: none is answered twice. */
const answered = new Set<unknown>();

/** By its fingerprint, as questions name their issuer. */
async function fetchIdentity(url: string): Promise<readonly [string, CryptoKey]> {
  const response = await fetch(`${url}/identity-pubkey`, { signal: AbortSignal.timeout(10_000) });
  const key = await jose.importSPKI(await response.text(), 'ES256', { extractable: true });
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', key));
  return [createHash('sha256').update(spki).digest('hex'), key];
}

/** @throws where the question isn't to be answered; its rule id isn't compared, since there is one rule here for all */
async function answer(question: string): Promise<string> {
  const asker = askers.get(jose.decodeJwt(question).iss ?? '');
  if (asker === undefined) throw new Error('not one of our servers');
  const { payload } = await jose.jwtVerify<{ request: { msg: string }; request_id: string }>(question, asker, {
    algorithms: ['ES256'],
    typ: 'countersign-rule-question+jwt',
    requiredClaims: ['exp', 'request', 'request_id'],
  });
  const { iss = '', request, request_id } = payload;
  if (answered.has(request_id) || answered.size >= MAX_QUESTIONS) throw new Error('answered before, or too many');
  answered.add(request_id);
  const problem = judge(Buffer.from(request.msg, 'hex').toString('utf8'));
  return new jose.SignJWT({
    request_id,
    request_hash: createHash('sha256').update(question).digest('hex'),
    approved: problem === undefined,
    ...(problem !== undefined && { reason: problem }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'countersign-rule-answer+jwt' })
    .setAudience(iss)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(privateKey);
}

/** Undefined for what may be signed. */
function judge(message: string): string | undefined {
  const [, amount] = PAYMENT.exec(message) ?? [];
  if (amount === undefined) return 'this is not a payment';
  return Number(amount) > LARGEST_PAYMENT ? `payments end at ${LARGEST_PAYMENT}` : undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_QUESTION_BYTES) throw new Error('the question is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

const server = createServer((request, response) => {
  const reply = async (): Promise<string> => {
    if (request.url === '/health') return 'ok';
    if (request.url === '/public-key') return publicKeyPem;
    return answer(await readBody(request));
  };
  reply().then(
    (text) => response.end(text),
    (error: unknown) => response.writeHead(400).end(error instanceof Error ? error.message : 'bad question'),
  );
});
server.listen(Number(port), HOST);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
