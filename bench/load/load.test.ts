import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { runClosedLoop } from './closed-loop.ts';
import { encodeRequest, type LoadTarget } from './load-target.ts';
import { runOpenLoop } from './open-loop.ts';
import { percentile } from './percentile.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<LoadTarget> {
  server = createServer(listener);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((done) => listening.once('listening', done));
  const address = listening.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  const { port } = address;
  const requests = ['a', 'b'].map((name) => encodeRequest('127.0.0.1', port, '/x', 'key', { name }));
  return { host: '127.0.0.1', port, requests, itemsPerRequest: 10 };
}

const answer: RequestListener = (request, response) => {
  request.resume();
  request.once('end', () => response.end('[{"status":200}]'));
};

const closed = { connections: 3, warmUpSeconds: 0.05, minSeconds: 0.1, minResponses: 5, maxSeconds: 5 };

describe('runClosedLoop', () => {
  it('counts items and keeps two bodies', async () => {
    const clock: string[] = [];
    const result = await runClosedLoop(await serve(answer), { ...closed, onClock: (event) => clock.push(event) });
    expect(result.items).toBe(10 * result.responses);
    expect(result.latenciesMs).toHaveLength(result.responses);
    expect(result.responseBytes).toBe(16 * result.responses);
    expect(result.kept.map(({ body }) => body.toString())).toEqual(['[{"status":200}]', '[{"status":200}]']);
    expect(clock).toEqual(['start', 'stop']);
  });

  it('measures a rate that is set by the service', async () => {
    const target = await serve((request, response) => {
      request.resume();
      setTimeout(() => response.end('[]'), 20);
    });
    const { itemsPerSecond, latenciesMs } = await runClosedLoop(target, { ...closed, minSeconds: 0.5 });
    // Three connections, ten items each, at least 20 ms an answer.
    expect(itemsPerSecond).toBeLessThan(1600);
    expect(itemsPerSecond).toBeGreaterThan(500);
    expect(latenciesMs[0]).toBeGreaterThan(18);
  });

  it.each([
    ['a status that is not 200', 503, '[]'],
    ['a failed item', 200, '[{"status":200},{"status":404,"error":"no such key"}]'],
  ])('fails on %s', async (_, status, body) => {
    const target = await serve((request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    });
    await expect(runClosedLoop(target, closed)).rejects.toThrow('a response with status');
  });

  it('fails when the service goes away', async () => {
    let count = 0;
    const target = await serve((request, response) => {
      if (++count > 20) request.socket.destroy();
      else answer(request, response);
    });
    await expect(runClosedLoop(target, closed)).rejects.toThrow(/closed|ECONNRESET/);
  });
});

describe('runOpenLoop', () => {
  const open = { requestsPerSecond: 500, connections: 4, warmUpSeconds: 0.05, seconds: 0.6 };

  it('sends at the given rate', async () => {
    const startedMs = performance.now();
    const result = await runOpenLoop(await serve(answer), open);
    expect(result.requests).toBe(300);
    expect(result.latenciesMs).toHaveLength(300);
    expect(performance.now() - startedMs).toBeGreaterThan(600);
  });

  it('counts the wait that a stalled service causes for requests that could not be sent', async () => {
    let stall: Promise<void> | undefined;
    let count = 0;
    const target = await serve((request, response) => {
      request.resume();
      if (++count === 150) stall = sleep(300);
      // Everything waits, as it does when a process is stopped.
      void (stall ?? Promise.resolve()).then(() => response.end('{}'));
    });
    const { latenciesMs } = await runOpenLoop(target, open);
    // A closed loop of four connections would show four slow answers of 300; here about 150 requests were due.
    expect(latenciesMs.filter((latency) => latency > 100).length).toBeGreaterThan(60);
    expect(percentile(latenciesMs, 0.99)).toBeGreaterThan(250);
  });

  it('fails on a status that is not 200', async () => {
    const target = await serve((request, response) => {
      request.resume();
      response.writeHead(401).end('no');
    });
    await expect(runOpenLoop(target, open)).rejects.toThrow('status 401');
  });
});
