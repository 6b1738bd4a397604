import { Server, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** No request for this long means that none is on its way. */
const QUIET_MS = 100;

/**
 * Ends a server without losing a request that it accepted. Fastify's own way answers what arrives late with 503, and
 * leaves a connection open that was busy when closing began; here such a request is answered, with `connection: close`.
 * @returns stops accepting, waits for the answers that are owed, and cuts what is left after `graceMs`
 */
export function drainConnections(app: FastifyInstance): (graceMs: number) => Promise<void> {
  // Requests by connection that have no answer yet: a client may send several without waiting (HTTP/1.1 pipelining),
  // and a `connection: close` on the first answer would throw the others away.
  const owed = new WeakMap<Socket, number>();
  let draining = false;
  let closingIdle = false;
  let begun = 0;
  app.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw;
    begun += 1;
    owed.set(socket, (owed.get(socket) ?? 0) + 1);
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (draining && owed.get(request.raw.socket) === 1) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    const { socket } = request.raw;
    owed.set(socket, (owed.get(socket) ?? 1) - 1);
    // After the one answer that had no such header because another was owed.
    if (closingIdle) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
  return async (graceMs) => {
    draining = true;
    const endsAtMs = performance.now() + graceMs;
    const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
    try {
      // Connections that the system took for us while we were busy: closing the listener now would reset them.
      await nextPoll();
      const closed = stopListening(app.server);
      // What is on its way on a connection that looks idle was sent by somebody who counts on an answer.
      let before: number;
      do {
        before = begun;
        await delay(QUIET_MS);
        await nextPoll();
      } while (begun !== before && performance.now() < endsAtMs);
      closingIdle = true;
      app.server.closeIdleConnections();
      await closed;
      await app.close();
    } finally {
      clearTimeout(cut);
    }
  };
}

/** Resolves after the event loop has looked at every socket once more. */
async function nextPoll(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Only the listener: an HTTP server's own `close` would also end every connection without a request at this moment. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
}
