import { Server, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Nothing new for this long means that nothing is on its way. */
const QUIET_MS = 50;
/** A busy service always has new connections; somewhere it must stop. */
const MAX_ACCEPTING_MS = 500;
/** From the first answer that was cut to the end of its connection: time for the answer to arrive. */
const CUT_MS = 500;

/**
 * Ends a server without losing a request that it accepted. Fastify's own way answers what arrives late with 503, and
 * leaves a connection open that was busy when closing began; here such a request is answered, with `connection: close`.
 *
 * What is still owed after `graceMs` is answered by `answerLate`, so that its client knows to send it again; a connection
 * on which no request has begun (half a header, or nothing) is owed nothing and ends with the idle ones.
 * @param upgraded what took connections over from HTTP: they are its own, and it is given the same time to end them
 * @returns stops accepting, waits for the answers that are owed, and cuts what is left after `graceMs`
 */
export function drainConnections(
  app: FastifyInstance,
  answerLate: (request: FastifyRequest, reply: FastifyReply) => void,
  upgraded?: { close(graceMs: number): Promise<void> },
): (graceMs: number) => Promise<void> {
  // Requests by connection that have no answer yet: a client may send several without waiting (HTTP/1.1 pipelining),
  // and a `connection: close` on the first answer would throw the others away.
  const owed = new Map<Socket, Map<FastifyRequest, FastifyReply>>();
  // What requests name as their socket. Under TLS that isn't the socket of 'connection', which only carries it.
  const open = new Set<Socket>();
  const handshaking = new Map<string, Socket>();
  const isTls = app.server instanceof TlsServer;
  let draining = false;
  let closingIdle = false;
  let accepted = 0;
  let begun = 0;
  function opened(socket: Socket): void {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      owed.delete(socket);
    });
  }
  app.server.on('connection', (socket: Socket) => {
    accepted += 1;
    if (!isTls) {
      opened(socket);
      return;
    }
    const ends = endsOf(socket);
    handshaking.set(ends, socket);
    socket.once('close', () => {
      if (handshaking.get(ends) === socket) handshaking.delete(ends);
    });
  });
  app.server.on('secureConnection', (socket: Socket) => {
    handshaking.delete(endsOf(socket));
    opened(socket);
  });
  // Only then: with a listener for it, Node asks what is to be upgraded.
  if (upgraded !== undefined) app.server.on('upgrade', (_request, socket) => open.delete(socket as Socket));
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    begun += 1;
    const requests = owed.get(socket) ?? new Map<FastifyRequest, FastifyReply>();
    owed.set(socket, requests.set(request, reply));
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (draining && owed.get(request.raw.socket)?.size === 1) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    const { socket } = request.raw;
    const requests = owed.get(socket);
    requests?.delete(request);
    if (requests?.size === 0) owed.delete(socket);
    // After the one answer that had no such header because another was owed.
    if (closingIdle) setImmediate(() => app.server.closeIdleConnections());
    done();
  });

  function cutWhatIsOwed(): void {
    for (const requests of [...owed.values()])
      for (const [request, reply] of [...requests]) if (!reply.sent) answerLate(request, reply);
    setTimeout(() => app.server.closeAllConnections(), CUT_MS);
  }

  return async (graceMs) => {
    const endsAtMs = performance.now() + graceMs;
    const cut = setTimeout(cutWhatIsOwed, graceMs);
    try {
      // The system has taken connections for us that we haven't seen yet; they would be reset with the listener.
      await quiet(() => accepted, Math.min(endsAtMs, performance.now() + MAX_ACCEPTING_MS));
      const closed = stopListening(app.server);
      // Only now: a client that is told to close connects again at once, and must then find no listener rather than one
      // that is about to go.
      draining = true;
      const ended = upgraded?.close(Math.max(0, endsAtMs - performance.now()));
      // What is on its way on a connection that looks idle was sent by somebody who counts on an answer.
      await quiet(() => begun, endsAtMs);
      closingIdle = true;
      for (const socket of open) if (!owed.has(socket)) socket.destroySoon();
      for (const socket of handshaking.values()) socket.destroy();
      await Promise.all([closed, ended]);
      await app.close();
    } finally {
      clearTimeout(cut);
    }
  };
}

/** What a TLS socket and the one below it have in common, and no other connection has. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

/** Resolves when `count` has stood still for a while in which the event loop really looked, or at `endsAtMs`. */
async function quiet(count: () => number, endsAtMs: number): Promise<void> {
  let before: number;
  do {
    before = count();
    await delay(QUIET_MS);
    // A timer may be late, and then runs before the sockets are looked at.
    await nextTurn();
    await nextTurn();
  } while (count() !== before && performance.now() < endsAtMs);
}

/** Only the listener: an HTTP server's own `close` would also end every connection without a request at this moment. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve());
  });
}
