import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

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
  app.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw;
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
    if (draining) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
  return async (graceMs) => {
    draining = true;
    const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
    try {
      await app.close();
    } finally {
      clearTimeout(cut);
    }
  };
}
