/** The listener of a relay that runs alone: HTTP or HTTPS with the relay's two paths, /health and /metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Relay } from './relay-server.ts';

export interface RelayListenerOptions {
  readonly relay: Relay;
  /** Connections of the relay; some more are accepted for requests. */
  readonly maxConnections: number;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** PEM. Without it: plain HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

export interface RelayListener {
  /** Resolves with the address in use, as a URL: `http://127.0.0.1:8090`. Port 0 takes a free one. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /** Ends the relay, see `Relay.close`, and then the listener. */
  close(graceMs: number): Promise<void>;
}

const REQUEST_CONNECTIONS = 64;
const HTTP_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 2000,
} as const;

export function createRelayListener({ relay, maxConnections, metrics, tls }: RelayListenerOptions): RelayListener {
  let isStopping = false;
  const settings = {
    ...HTTP_LIMITS,
    // Anything else that offers to upgrade (HTTP/2 in clear, for instance) is answered as it is.
    shouldUpgradeCallback: (request: IncomingMessage) => relay.isConnectRequest(request),
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const isGet = request.method === 'GET';
    if (isGet && request.url === '/health') {
      if (isStopping) text(response, 503, 'the relay is stopping');
      else text(response, 200, 'ok');
    } else if (isGet && request.url === '/metrics') {
      metrics.render().then(
        (body) => text(response, 200, body, metrics.contentType),
        () => text(response, 500, 'no metrics'),
      );
    } else relay.handleRequest(request, response);
  };
  const server: Server =
    tls === undefined
      ? createServer(settings, answer)
      : createTlsServer({ ...settings, ...tls, minVersion: 'TLSv1.2' }, answer);
  // Twice: somebody who opens connections and says nothing must not fill up the places of the relay.
  server.maxConnections = 2 * maxConnections + REQUEST_CONNECTIONS;
  server.maxHeadersCount = 100;
  server.on('upgrade', (request, socket, head) => relay.handleUpgrade(request, socket, head));
  return {
    async listen({ host, port }) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('the relay has no address');
      const shown = isIPv6(address.address) ? `[${address.address}]` : address.address;
      return `${tls === undefined ? 'http' : 'https'}://${shown}:${address.port}`;
    },
    async close(graceMs) {
      isStopping = true;
      // It listens until the rooms are done: a started room may still wait for a member.
      await relay.close(graceMs);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function text(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(body);
}
