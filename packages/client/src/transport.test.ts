/** When a call is sent again, and what is sent, against a server that answers as it is told. */
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { CountersignError } from './countersign-error.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const UNAVAILABLE: Answer = { status: 503, body: { error: { code: 'unavailable', message: 'away' } } };
const EMPTY_PAGE: Answer = { status: 200, body: { items: [] } };

let server: Server;
let url: string;
let received: Received[];
/** The answer to a call; undefined: the connection ends without one. */
let answer: (call: Received) => Answer | undefined | 'never';

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      received.push(call);
      const given = answer(call);
      if (given === 'never') return;
      if (given === undefined) {
        request.socket.destroy();
        return;
      }
      const headers = { 'content-type': 'application/json; charset=utf-8', ...given.headers };
      response.writeHead(given.status, headers).end(JSON.stringify(given.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const client = (options: Partial<ClientOptions> = {}): Client =>
  createClient({ baseUrl: url, ...(options.apiKey === undefined && { token: 'a-token' }), ...options });

/** These answers first, then the last one for ever. */
function script(...answers: (Answer | undefined)[]): void {
  let at = 0;
  answer = () => answers[Math.min(at++, answers.length - 1)];
}

/** Where nobody listens any more. */
async function closedAddress(): Promise<URL> {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  return new URL(`http://127.0.0.1:${port}`);
}

async function refusal(call: Promise<unknown>): Promise<CountersignError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (!(error instanceof CountersignError)) throw new Error('no CountersignError', { cause: error });
  return error;
}

const list = (of: Client): Promise<unknown> => of.keys.list().next();
const message = new TextEncoder().encode('m');

describe('a call', () => {
  it('carries the token, or the API key', async () => {
    script(EMPTY_PAGE);
    await list(client());
    await list(client({ apiKey: 'an-api-key' }));
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer a-token', 'Bearer an-api-key']);
  });

  it('goes below the path of the base address', async () => {
    script(EMPTY_PAGE);
    for (const path of ['/sign', '/sign/']) await list(client({ baseUrl: url + path }));
    expect(received.map((call) => call.url)).toEqual(['/sign/api/v1/keys', '/sign/api/v1/keys']);
  });

  it.each([
    [{ baseUrl: 'ftp://example.com', token: 't' }],
    [{ baseUrl: 'http://user@example.com', token: 't' }],
    [{ baseUrl: 'http://example.com?a=b', token: 't' }],
    [{ baseUrl: 'http://example.com' }],
    [{ baseUrl: 'http://example.com', token: 't', apiKey: 'k' }],
    [{ baseUrl: 'http://example.com', token: 'top secret' }],
  ])('is refused with the options %j, without quoting the token', (options) => {
    expect(() => createClient(options)).toThrow(TypeError);
    expect(() => createClient(options)).not.toThrow('top secret');
  });
});

describe('a failure', () => {
  it('has the code, subject and object of the service', async () => {
    const error = { code: 'conflict', message: 'taken', subject: 'external-id', objectId: 'sig-1' };
    script({ status: 409, body: { error } });
    expect(await refusal(client().keys.get('k'))).toMatchObject({ ...error, status: 409 });
  });

  it.each([
    [{ status: 502, body: 'x' }, 'unavailable'],
    [{ status: 413, body: {} }, 'too_large'],
    [{ status: 404, body: { error: 'no such page' } }, 'unexpected_answer'],
    [{ status: 400, body: { error: { code: 'of the future', message: 'm' } } }, 'unexpected_answer'],
    [{ status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }, 'unexpected_answer'],
  ])('of somebody else, %j, is %s', async (given, code) => {
    script(given);
    expect(await refusal(client({ retries: 0 }).keys.get('k'))).toMatchObject({ code, status: given.status });
  });

  it('is one where the answer leads elsewhere: the token is not sent there', async () => {
    script({ status: 307, headers: { location: `${url}/elsewhere` } });
    expect(await refusal(client({ retries: 0 }).keys.get('k'))).toMatchObject({ code: 'unreachable' });
    expect(received).toHaveLength(1);
  });

  it('is timed_out where no answer comes in time, and is not tried again', async () => {
    answer = () => 'never';
    expect(await refusal(client({ timeoutMs: 50 }).keys.get('k'))).toMatchObject({ code: 'timed_out' });
    expect(received).toHaveLength(1);
  });

  it('is the reason of the caller who gives up', async () => {
    answer = () => 'never';
    const { requests } = client();
    for (const call of [
      (signal: AbortSignal) => requests.waitForResult('sig-1', { signal }),
      (signal: AbortSignal) => requests.createAndWait({ keyId: 'k', message }, { signal }),
    ]) {
      const [controller, reason] = [new AbortController(), new Error('enough')];
      setTimeout(() => controller.abort(reason), 50);
      await expect(call(controller.signal)).rejects.toBe(reason);
    }
  });
});

describe('another attempt', () => {
  it('is made for reading, after 503 and a lost connection, and ends', async () => {
    script(UNAVAILABLE, undefined, EMPTY_PAGE);
    await list(client());
    expect(received).toHaveLength(3);
    script(UNAVAILABLE);
    expect(await refusal(list(client({ retries: 2 })))).toMatchObject({ code: 'unavailable', status: 503 });
    expect(received).toHaveLength(6);
  });

  it('is made for a change only after 429, which refused it', async () => {
    for (const given of [UNAVAILABLE, undefined]) {
      received = [];
      script(given, { status: 201, body: {} });
      await refusal(client().keys.create({ algorithm: 'ed25519' }));
      expect(received).toHaveLength(1);
    }
    received = [];
    script({ status: 429, body: { error: { code: 'rate_limited', message: 'slow' } } }, { status: 201, body: {} });
    await client().keys.create({ algorithm: 'ed25519' });
    expect(received).toHaveLength(2);
  });

  it('is made for requests that all have an external id', async () => {
    const answered = { status: 200, body: { results: [] } };
    const item = { keyId: 'k', message, externalId: 'e' };
    script(UNAVAILABLE, answered);
    await client().requests.create([item, { ...item, externalId: 'f' }]);
    expect(received).toHaveLength(2);
    script(UNAVAILABLE, answered);
    await refusal(client().requests.create([item, { keyId: 'k', message }]));
    expect(received).toHaveLength(3);
  });

  it('is never made for plain signatures, which count each time', async () => {
    script(UNAVAILABLE);
    expect(await client().signBatch([{ keyId: 'k', message }])).toMatchObject([
      { status: 'failed', error: { code: 'unavailable' } },
    ]);
    expect(received).toHaveLength(1);
  });

  it('waits as long as the service asks, within reason', async () => {
    const asking = (seconds: string): Answer => ({ ...UNAVAILABLE, headers: { 'retry-after': seconds } });
    script(asking('1'), EMPTY_PAGE);
    const startedMs = performance.now();
    await list(client());
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(995);
    script(asking('3600'));
    expect(await refusal(list(client()))).toMatchObject({ code: 'unavailable', retryAfterMs: 3_600_000 });
  });

  it('is made for a change that cannot have arrived', async () => {
    let attempts = 0;
    const nobody = await closedAddress();
    script({ status: 201, body: {} });
    // The first attempt finds nobody, as where a service is just starting.
    const flaky = (to: URL, init: RequestInit): Promise<Response> => fetch(attempts++ === 0 ? nobody : to, init);
    await client({ fetch: flaky }).keys.create({ algorithm: 'ed25519' });
    expect({ attempts, received: received.length }).toEqual({ attempts: 2, received: 1 });
  });
});

describe('a proof', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const credential = { credentialId: 'cr-1', privateKey };
  const BEGIN = '/api/v1/user-actions';

  /** Answers the two calls of a proof, and the change as it is told. */
  function proving(...answers: Answer[]): void {
    let at = 0;
    answer = (call) => {
      if (call.url.endsWith(BEGIN)) {
        const challenge = randomBytes(32).toString('base64url');
        return { status: 201, body: { challenge, identifier: 'i', credentials: [], expiresAt: '' } };
      }
      if (call.url.endsWith(`${BEGIN}/complete`))
        return { status: 200, body: { userAction: `token-${received.length}` } };
      return answers[Math.min(at++, answers.length - 1)];
    };
  }

  it('is for the exact method, path and bytes, as the service behind the proxy sees them', async () => {
    proving({ status: 200, body: {} });
    await client({ baseUrl: `${url}/sign`, credential }).keys.rename('key-1', 'ümlaut');
    const [begun, completed, change] = received;
    expect(JSON.parse(begun?.body ?? '')).toEqual({
      method: 'PATCH',
      path: '/api/v1/keys/key-1',
      body: Buffer.from(change?.body ?? '').toString('base64'),
    });
    const { assertion } = JSON.parse(completed?.body ?? '') as { assertion: Record<string, string> };
    const clientData = Buffer.from(assertion['clientData'] ?? '', 'base64');
    expect(JSON.parse(clientData.toString())).toMatchObject({ type: 'key.get' });
    expect(verify(null, clientData, publicKey, Buffer.from(assertion['signature'] ?? '', 'base64'))).toBe(true);
    expect(change?.headers['x-countersign-user-action']).toBe('token-2');
  });

  it('is made anew for each attempt', async () => {
    const limited = { status: 429, body: { error: { code: 'rate_limited', message: 'slow' } } };
    proving(limited, { status: 200, body: {} });
    await client({ credential }).keys.delete('key-1');
    const tokens = received.flatMap(({ headers }) => headers['x-countersign-user-action'] ?? []);
    expect(tokens).toEqual(['token-2', 'token-5']);
  });

  it('can be made again after any failure, since it changes nothing', async () => {
    proving({ status: 200, body: {} });
    const proven = answer;
    let isFirst = true;
    answer = (call) => {
      if (!isFirst || !call.url.endsWith('/complete')) return proven(call);
      isFirst = false;
      return UNAVAILABLE;
    };
    await client({ credential }).keys.delete('key-1');
    expect(received.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST', 'DELETE']);
  });

  it('is not made for reading and verifying', async () => {
    script(EMPTY_PAGE);
    await list(client({ credential }));
    script({ status: 200, body: { results: [] } });
    await client({ credential }).verifyBatch([]);
    expect(received.map((call) => call.url)).toEqual(['/api/v1/keys', '/api/v1/verifications']);
  });

  it('signs nothing that is no challenge of this service', async () => {
    answer = () => ({ status: 201, body: { challenge: 'pay","x":"', identifier: 'i' } });
    expect(await refusal(client({ credential }).keys.delete('k'))).toMatchObject({ code: 'unexpected_answer' });
    expect(received).toHaveLength(1);
  });
});
