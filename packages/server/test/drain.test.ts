/** What clients see when the real service is told to stop under load, and how long it may take. */

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { rawConnection } from './raw-http.ts';
import { type RunningService, startService } from './running-service.ts';

let folder: string | undefined;
let service: RunningService | undefined;

afterEach(async () => {
  await service?.killAll();
  service = undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
});

async function start(...flags: string[]): Promise<RunningService> {
  folder = mkdtempSync(join(tmpdir(), 'countersign-drain-'));
  service = await startService(join(folder, 'data'), { flags });
  return service;
}

/** Stops it and gives the exit code, and the time from the signal to the end of the last process that it waits for. */
async function stop(running: RunningService): Promise<{ exitCode: number | null; tookMs: number }> {
  const startedAtMs = performance.now();
  const exitCode = await running.stop();
  return { exitCode, tookMs: performance.now() - startedAtMs };
}

const problemsIn = (output: string): string[] =>
  output.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));

describe('a service that is told to stop', () => {
  it('resets no client that keeps its connection and sends one request after the other', async () => {
    const running = await start();
    const body = JSON.stringify({ name: 'k', obj_type: 'EC', elliptic_curve: 'NistP256' });
    expect((await running.call('POST', '/crypto/v1/keys', body)).status).toBe(201);
    const item = { key: { name: 'k' }, hash_alg: 'SHA256', data: 'aGVsbG8=' };
    const batch = JSON.stringify(Array.from({ length: 4 }, () => item));
    const statuses = new Map<number | undefined, number>();
    const client = async (): Promise<unknown> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (;;) {
          const { statusCode } = await post(agent, running, '/crypto/v1/keys/batch/sign', batch);
          statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        }
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      } finally {
        agent.destroy();
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await delay(500);
    const { exitCode, tookMs } = await stop(running);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(5000);
    expect(await Promise.all(clients)).toEqual(Array.from({ length: 16 }, () => 'ECONNREFUSED'));
    expect([...statuses.keys()]).toEqual([200]);
    expect(statuses.get(200)).toBeGreaterThan(100);
    expect(problemsIn(running.output())).toEqual([]);
  });

  it('does not wait for a request whose headers never end', async () => {
    const running = await start();
    const half = rawConnection(running.url);
    half.send('POST /crypto/v1/keys HTTP/1.1\r\nhost: x\r\n');
    await delay(100);
    const { exitCode, tookMs } = await stop(running);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(3000);
    expect(await half.received).toBe('');
  });

  it('answers 503 in time to what cannot be finished in time, and ends well', async () => {
    const running = await start('--drain-seconds', '5');
    const head = `HTTP/1.1\r\nhost: x\r\nauthorization: Basic ${running.apiKey}\r\n`;
    const stalled = rawConnection(running.url);
    stalled.send(`POST /crypto/v1/keys ${head}content-length: 100\r\n\r\n`);
    const half = rawConnection(running.url);
    half.send(`POST /crypto/v1/keys ${head}`);
    // One of them might be done in time, by luck; not all, as they are made one after the other.
    const keys = [1, 2, 3].map((name) =>
      running.call('POST', '/crypto/v1/keys', { name: `${name}`, obj_type: 'RSA', key_size: 8192 }),
    );
    await delay(100);
    const stoppedAtMs = performance.now();
    const stopping = stop(running);
    const answers = await Promise.all(keys);
    // The limit less the 3 s that closing may take.
    expect(performance.now() - stoppedAtMs).toBeLessThan(3500);
    expect(answers.map(({ status }) => status)).toContain(503);
    for (const { status, text } of answers)
      if (status !== 201) expect([status, text]).toEqual([503, 'the service is stopping; send the request again']);
    expect(await stalled.received).toMatch(
      /^HTTP\/1\.1 503 .*retry-after: 1.*connection: close.*\r\n\r\nthe service is stopping; send the request again$/s,
    );
    expect(await half.received).toBe('');
    const { exitCode, tookMs } = await stopping;
    expect(exitCode).toBe(0);
    // The limit that was asked for, and some time for a busy machine.
    expect(tookMs).toBeLessThan(7_000);
    expect(problemsIn(running.output())).toEqual([]);
  });
});

/** Resolves with the answer once its body has been read; rejects as the socket does. */
function post(agent: Agent, running: RunningService, path: string, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Basic ${running.apiKey}`, 'content-length': Buffer.byteLength(body) };
    const sent = request(running.url + path, { agent, method: 'POST', headers }, (answer) => {
      answer
        .on('error', reject)
        .on('end', () => resolve(answer))
        .resume();
    });
    sent.on('error', reject).end(body);
  });
}
