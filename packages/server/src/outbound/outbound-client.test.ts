import { execFile } from 'node:child_process';
import { createServer as createHttp, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../test/self-signed-certificate.ts';
import type { OutboundAllowEntry } from './outbound-allow-list.ts';
import { createOutboundClient, type OutboundClient, type OutboundClientOptions } from './outbound-client.ts';
import { OutboundFailure } from './outbound-failure.ts';
import { parseOutboundUrl } from './outbound-url.ts';

const LOOPBACK: OutboundAllowEntry = { kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8 };

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

async function listening(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  undo.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function clientOf(options: Partial<OutboundClientOptions> = {}): OutboundClient {
  const client = createOutboundClient({ allow: [LOOPBACK], ...options });
  undo.push(() => client.close());
  return client;
}

const post = (url: string, more: Partial<Parameters<OutboundClient['post']>[0]> = {}) => ({
  url,
  contentType: 'application/jwt',
  body: 'question',
  maxAnswerBytes: 64,
  timeoutMs: 2_000,
  ...more,
});

/** A server that says exactly these bytes to whoever connects, and nothing more. */
const saying = (text: string): Server => createTcp((socket) => void socket.on('error', () => {}).write(text));

const answering = (listener: RequestListener): HttpServer => createHttp(listener);

describe('the outbound client', () => {
  it('posts and reads the answer', async () => {
    const seen: unknown[] = [];
    const port = await listening(
      answering((request, response) => {
        request.setEncoding('latin1').once('data', (body) => {
          const { host, accept, 'content-type': type, 'accept-encoding': encoding } = request.headers;
          seen.push(request.method, request.url, host, accept, type, encoding, body);
          response.end('answer');
        });
      }),
    );
    const answer = await clientOf().post(post(`http://127.0.0.1:${port}/a/b?c=d`));
    expect(answer.status).toBe(200);
    expect(Buffer.from(answer.body).toString()).toBe('answer');
    const type = 'application/jwt';
    expect(seen).toEqual(['POST', '/a/b?c=d', `127.0.0.1:${port}`, type, type, 'identity', 'question']);
  });

  it('keeps connections, and asks again on a new one when a kept one was closed', async () => {
    let connections = 0;
    const server = answering((_request, response) => response.end('x'));
    server.on('connection', () => {
      connections += 1;
    });
    const port = await listening(server);
    const client = clientOf();
    for (let i = 0; i < 5; i++) await client.post(post(`http://127.0.0.1:${port}/`));
    expect(connections).toBe(1);
    // As a peer does that closes just when the next request is on its way.
    let answers = 0;
    const rude = createTcp((socket) => {
      socket.on('error', () => {});
      let first = true;
      socket.on('data', () => {
        if (first) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx');
        else socket.destroy();
        first = false;
        answers += 1;
      });
    });
    const rudePort = await listening(rude);
    for (let i = 0; i < 3; i++) expect((await client.post(post(`http://127.0.0.1:${rudePort}/`))).status).toBe(200);
    expect(answers).toBeGreaterThanOrEqual(4);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    let calls = 0;
    const target = await listening(
      answering((_request, response) => {
        calls += 1;
        response.end();
      }),
    );
    const port = await listening(
      answering((_request, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${target}/` }).end('elsewhere'),
      ),
    );
    expect(await clientOf().post(post(`http://127.0.0.1:${port}/`))).toEqual({ status, body: new Uint8Array(0) });
    expect(calls).toBe(0);
  });

  it('reads no more than it was told to', async () => {
    const endless = await listening(
      answering((_request, response) => {
        const timer = setInterval(() => response.write('x'.repeat(20)), 1);
        response.on('close', () => clearInterval(timer)).on('error', () => {});
      }),
    );
    const announced = await listening(
      answering((_request, response) => void response.writeHead(200, { 'content-length': '65' }).write('x')),
    );
    const exact = await listening(answering((_request, response) => response.end('x'.repeat(64))));
    const client = clientOf();
    for (const port of [endless, announced])
      await expect(client.post(post(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'bad-answer' });
    expect((await client.post(post(`http://127.0.0.1:${exact}/`))).body).toHaveLength(64);
  });

  it.each<[string, () => Server | HttpServer]>([
    ['never answers', () => createTcp((socket) => void socket.on('error', () => {}))],
    ['sends its headers byte by byte', () => dripping('HTTP/1.1 200 OK\r\nx: ', 'y')],
    ['sends its body byte by byte', () => dripping('HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n', 'y')],
    ['sends nothing but interim answers', () => dripping('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('gives up in time on a server that %s', async (_, server) => {
    const port = await listening(server());
    const startedMs = performance.now();
    const call = clientOf().post(post(`http://127.0.0.1:${port}/`, { timeoutMs: 300 }));
    await expect(call).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  it.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
    ['has headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
    ['has one huge header', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`],
    ['has two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    [
      'has a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    ],
    ['becomes another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['is compressed', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx'],
  ])('refuses an answer that %s', async (_, text) => {
    const port = await listening(saying(text));
    const call = clientOf().post(post(`http://127.0.0.1:${port}/`));
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^(unreachable|bad-answer)$/) });
  });

  it('refuses an answer that is cut off', async () => {
    const port = await listening(
      createTcp((socket) => void socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')),
    );
    await expect(clientOf().post(post(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      name: 'OutboundFailure',
    });
  });

  it('calls nobody that the list does not have: nothing even arrives', async () => {
    let connections = 0;
    const port = await listening(
      createTcp(() => {
        connections += 1;
      }),
    );
    const nobody = clientOf({ allow: [], resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    for (const host of ['127.0.0.1', 'localhost', 'public.example', '0x7f.1', '[::ffff:127.0.0.1]', '[::1]'])
      for (const scheme of ['http', 'https'])
        await expect(nobody.post(post(`${scheme}://${host}:${port}/`))).rejects.toMatchObject({ code: 'not-allowed' });
    const elsewhere = clientOf({ allow: [{ ...LOOPBACK, port: port === 1 ? 2 : 1 }] });
    await expect(elsewhere.post(post(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'not-allowed' });
    expect(connections).toBe(0);
  });

  it('connects to the address that was checked, though the name means another one by then', async () => {
    const port = await listening(answering((request, response) => response.end(request.headers.host)));
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const client = clientOf({
      allow: [{ kind: 'network', address: '127.0.0.1', family: 4, prefixBits: 32 }],
      resolve: async () => [{ address: answers[asked++] ?? '127.0.0.2', family: 4 }],
    });
    const answer = await client.post(post(`http://rebind.example:${port}/`));
    expect(Buffer.from(answer.body).toString()).toBe(`rebind.example:${port}`);
    expect(asked).toBe(1);
    await expect(client.post(post(`http://rebind.example:${port}/`))).rejects.toMatchObject({ code: 'not-allowed' });
  });

  it('sends nothing in clear to a public place', async () => {
    const client = clientOf({ resolve: async () => [{ address: '1.1.1.1', family: 4 }] });
    const call = client.post(post('http://public.example/', { timeoutMs: 500 }));
    await expect(call).rejects.toMatchObject({ code: 'not-allowed', message: expect.stringContaining('https') });
  });

  it('checks the certificate for the name of the URL', async () => {
    const { cert, key } = selfSignedCertificate('rules.example');
    const server = createHttps({ cert, key }, (_request, response) => response.end('x'));
    const port = await listening(server);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 } as const];
    const trusting = clientOf({ resolve, trustedCertificates: [cert.toString()] });
    expect((await trusting.post(post(`https://rules.example:${port}/`))).status).toBe(200);
    for (const url of [`https://other.example:${port}/`, `https://127.0.0.1:${port}/`])
      await expect(trusting.post(post(url))).rejects.toMatchObject({ code: 'unreachable' });
    const call = clientOf({ resolve }).post(post(`https://rules.example:${port}/`));
    await expect(call).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('uses no proxy, whatever the environment says', async () => {
    let proxied = 0;
    const proxy = await listening(
      createTcp((socket) => {
        proxied += 1;
        socket.destroy();
      }),
    );
    const port = await listening(answering((_request, response) => response.end('direct')));
    const program = `
      import { createOutboundClient } from ${JSON.stringify(new URL('./outbound-client.ts', import.meta.url).href)};
      const client = createOutboundClient({ allow: [${JSON.stringify(LOOPBACK)}] });
      const { body } = await client.post(${JSON.stringify(post(`http://127.0.0.1:${port}/`))});
      console.log(Buffer.from(body).toString());
      client.close();`;
    const address = `http://127.0.0.1:${proxy}`;
    const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, HTTPS_PROXY: address, http_proxy: address };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env });
    expect(stdout.trim()).toBe('direct');
    expect(proxied).toBe(0);
  });

  it('has a bounded number of calls under way', async () => {
    const port = await listening(createTcp((socket) => void socket.on('error', () => {})));
    const client = clientOf();
    const call = (): Promise<string> =>
      client.post(post(`http://127.0.0.1:${port}/`, { timeoutMs: 400 })).then(
        () => 'answered',
        (error: unknown) => (error instanceof OutboundFailure ? error.code : 'another error'),
      );
    const codes = await Promise.all(Array.from({ length: 1_030 }, call));
    expect(codes.filter((code) => code === 'busy')).toHaveLength(6);
    expect(codes.filter((code) => code === 'timeout')).toHaveLength(1_024);
  });

  it('says what is wrong with a URL before it is called', () => {
    const client = clientOf({ allow: [] });
    expect(client.refuseUrl('https://rules.example/ask')).toBeUndefined();
    expect(client.refuseUrl('https://1.1.1.1/')).toBeUndefined();
    for (const url of ['https://127.0.0.1/', 'http://0x7f.1/', 'https://[::1]/', 'https://169.254.169.254/latest'])
      expect(client.refuseUrl(url)).toContain('--outbound-allow');
    expect(clientOf().refuseUrl('http://127.0.0.1:9000/')).toBeUndefined();
  });
});

describe('parseOutboundUrl', () => {
  it.each([
    ['https://Rules.Example/ask?x=1', { secure: true, host: 'rules.example', port: 443, path: '/ask?x=1' }],
    ['http://127.0.0.1:9000', { secure: false, host: '127.0.0.1', port: 9000, path: '/' }],
    ['https://[::1]:8443/x', { secure: true, host: '::1', port: 8443, path: '/x' }],
    ['https://rules.example:443/', { secure: true, host: 'rules.example', port: 443, path: '/' }],
  ])('reads %s', (text, url) => expect(parseOutboundUrl(text)).toMatchObject({ ok: true, url }));

  it.each([
    '',
    'rules.example',
    '//rules.example/',
    'https:rules.example',
    'https:///rules.example',
    'https:/\\rules.example',
    'file:///etc/passwd',
    'ftp://rules.example/',
    'gopher://127.0.0.1:6379/_x',
    'unix:/var/run/docker.sock',
    'data:text/plain,x',
    'javascript:alert(1)',
    'ws://rules.example/',
    'https://user@rules.example/',
    'https://user:password@rules.example/',
    'https://@rules.example/',
    'https://rules.example@127.0.0.1/',
    'https://rules.example/#fragment',
    'https://rules.example#@127.0.0.1/',
    'https://rules.example\\@127.0.0.1/',
    ' https://rules.example/',
    'https://rules.example/ ',
    'https://rules.exa\nmple/',
    'https://rules.example/\r\nx: y',
    'https://rules.example:0/',
    'https://rules.example:65536/',
    'https://rules.example:x/',
    'https://%31%32%37.0.0.1:x/',
    'https://\u2460\u2461\u2466.0.0.1/',
    'https://[::1/',
    'https://[fe80::1%25eth0]/',
    `https://rules.example/${'x'.repeat(2048)}`,
  ])('refuses %j', (text) => {
    const parsed = parseOutboundUrl(text);
    expect(parsed.ok ? parsed.url : parsed.reason).toMatch(/^the URL /);
  });
});

/** Sends `start`, then `piece` over and over, slowly. */
function dripping(start: string, piece: string): Server {
  return createTcp((socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(piece), 20);
    socket.on('error', () => {}).on('close', () => clearInterval(timer));
  });
}
