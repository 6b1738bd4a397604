/** Draining where the sockets of requests aren't those that were accepted: under TLS. The rest is in http-server.test.ts. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import type { Services } from '@countersign/core/services';
import { describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from './http-server.ts';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

/** A P-256 certificate for "x" (RFC 5280, section 4.1) that is its own issuer, for an hour around now. */
function selfSigned(): { cert: Buffer; key: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const utcTime = (ms: number) =>
    der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
  const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const commonName = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('x')));
  const name = der(0x30, der(0x31, commonName));
  const signedPart = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    der(0x30, utcTime(Date.now() - 1_800_000), utcTime(Date.now() + 1_800_000)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = sign('sha256', signedPart, privateKey);
  const certificate = der(0x30, signedPart, ecdsaWithSha256, der(0x03, Buffer.of(0), signature));
  const pem = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { cert: Buffer.from(pem), key: Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
}

async function start(canSign: () => Promise<boolean>): Promise<{ server: HttpServer; url: string }> {
  const server = createHttpServer({
    services: { canSign } as Partial<Services> as Services,
    limits: { maxBodyBytes: 1000, maxBatchItems: 10, maxCeremonyItems: 1000 },
    dialects: [],
    tls: selfSigned(),
  });
  return { server, url: await server.listen({ host: '127.0.0.1', port: 0 }) };
}

function get(url: string, agent: Agent): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/health`, { agent }, (response) => {
      response.resume().on('end', () => {
        resolve({ status: response.statusCode, connection: response.headers.connection });
      });
    });
    sent.on('error', reject).end();
  });
}

describe('drain under TLS', () => {
  it('waits for the answer that is owed, and for no connection without a request', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isSlow = false;
    const { server, url } = await start(async () => {
      if (!isSlow) return true;
      begun.resolve();
      await gate.promise;
      return true;
    });
    // The certificate is made above and of no interest here.
    const agents = [1, 2].map(() => new Agent({ keepAlive: true, rejectUnauthorized: false }));
    const [idle, busy] = agents as [Agent, Agent];
    expect((await get(url, idle)).status).toBe(200);
    const silent = connect(Number(new URL(url).port), '127.0.0.1');
    await once(silent, 'connect');
    isSlow = true;
    const answer = get(url, busy);
    await begun.promise;
    const drained = server.drain(5000);
    // Neither the idle connection nor the one in its handshake stays; the busy one does.
    await once(silent, 'close');
    gate.resolve();
    expect(await answer).toEqual({ status: 200, connection: 'close' });
    const answeredAtMs = performance.now();
    await drained;
    expect(performance.now() - answeredAtMs).toBeLessThan(1000);
    for (const agent of agents) agent.destroy();
  });
});
