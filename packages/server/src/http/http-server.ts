/**
 * The HTTP server: Fastify for routing and connections, everything that a client can see by the dialects. Bodies are
 * read by `parse-json-body.ts`, requests are validated by the dialects; no framework text, stack or default reaches a
 * client.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DomainError } from '@countersign/core/domain-error';
import type { Caller } from '@countersign/core/principal';
import type { RequestLimits, Services } from '@countersign/core/services';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Answer, Credentials, Dialect, Endpoint, RawRequest } from '../dialects/dialect.ts';
import { drainConnections } from './drain-connections.ts';
import { createErrorAnswers, type ErrorAnswers } from './error-answers.ts';
import { ENCODED_BODY, httpFaultOf, REPEATED_AUTHORIZATION, STOPPING, URI_TOO_LONG } from './http-faults.ts';
import type { HttpLogger } from './http-logger.ts';
import { openApiPaths } from './openapi-paths.ts';
import { parseJsonBody } from './parse-json-body.ts';
import { createPathOwner } from './path-owner.ts';
import { plainAnswer } from './plain-answer.ts';
import { pathOfRawPacket, refuseRaw } from './raw-refusal.ts';

/** The part of the metrics that is used here. */
export interface HttpMetrics {
  request(dialect: string, route: string, status: number, seconds: number): void;
  readonly contentType: string;
  render(): Promise<string>;
}

/** A relay that shares the listener. Its connections are its own from the upgrade on. */
export interface HttpRelay {
  isConnectRequest(request: IncomingMessage): boolean;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asked before the body is read. */
  mayCreateRooms(authorization: string | undefined): boolean;
  answerRoomRequest(authorization: string | undefined, body: unknown): Answer;
  /** Ends its connections, in about this time. */
  close(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly services: Services;
  readonly limits: RequestLimits;
  readonly dialects: readonly Dialect[];
  readonly logger?: HttpLogger | undefined;
  readonly metrics?: HttpMetrics | undefined;
  readonly relay?: HttpRelay | undefined;
  /** PEM. Without it: plain HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly connections?: Partial<ConnectionLimits>;
}

/** What slow or idle clients may hold, and for how long. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the last of its body. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Without a byte in either direction; longer than the slowest answer (an RSA-8192 key takes seconds). */
  readonly idleTimeoutMs: number;
  /** How often the first two are looked at. */
  readonly checkIntervalMs: number;
}

export interface HttpServer {
  /** Resolves with the address in use, as a URL: `http://127.0.0.1:8080`. Port 0 takes a free one. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /**
   * Stops accepting, lets what was accepted finish with `connection: close`, and cuts what is left after `graceMs`.
   * Resolves when no connection is open.
   */
  drain(graceMs?: number): Promise<void>;
  /** For tests: a request without a socket. */
  readonly inject: FastifyInstance['inject'];
}

const DEFAULT_CONNECTIONS: ConnectionLimits = {
  maxConnections: 4096,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 75_000,
  idleTimeoutMs: 120_000,
  checkIntervalMs: 5_000,
};
/** What every Content-Type is taken for, so that none is refused. */
const ANY_TYPE = 'application/octet-stream';
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_URL_CHARACTERS = 4096;
const DEFAULT_GRACE_MS = 25_000;
/** Whoever floods us with connections must not fill the log with them too. */
const DROP_WARNING_EVERY_MS = 10_000;

/** Set by authentication, before the body is read. */
const CREDENTIALS = Symbol('credentials');
type Authenticated = FastifyRequest & { [CREDENTIALS]?: Credentials };

/** The bytes of the body, which a user action is bound to. */
const RAW_BODY = Symbol('raw body');
type WithRawBody = FastifyRequest & { [RAW_BODY]?: Buffer };
const NO_BODY = new Uint8Array(0);

/** Builds the server; it listens only when told to. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const connections = { ...DEFAULT_CONNECTIONS, ...options.connections };
  const ownerOf = createPathOwner(options.dialects);
  const errors = createErrorAnswers(options.limits, ownerOf, options.logger);
  const app = createApp(options, connections, errors);
  const answerLate = (request: FastifyRequest, reply: FastifyReply): void => {
    send(reply, errors.fault(request.url, STOPPING));
  };
  const drain = drainConnections(app, answerLate, options.relay);
  warnOfDrops(app, options.logger, connections.maxConnections);
  app.server.maxConnections = connections.maxConnections;
  app.server.maxHeadersCount = 100;

  // Our own reader for every body. Fastify's would refuse a Content-Type that it can't read, and parse JSON laxly.
  app.removeAllContentTypeParsers();
  const readBody = (
    request: FastifyRequest,
    body: Buffer,
    done: (error: Error | null, body?: unknown) => void,
  ): void => {
    (request as WithRawBody)[RAW_BODY] = body;
    try {
      done(null, parseJsonBody(body));
    } catch (error) {
      done(error as Error);
    }
  };
  const parsing = { parseAs: 'buffer' as const, bodyLimit: options.limits.maxBodyBytes };
  app.addContentTypeParser(ANY_TYPE, parsing, readBody);
  // For requests that name no type.
  app.addContentTypeParser('*', parsing, readBody);
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request.raw;
    if (headers['content-type'] !== undefined) headers['content-type'] = ANY_TYPE;
    const encoding = headers['content-encoding']?.toLowerCase();
    if (request.url.length > MAX_URL_CHARACTERS) send(reply, errors.fault(request.url, URI_TOO_LONG));
    else if (encoding !== undefined && encoding !== 'identity') send(reply, errors.fault(request.url, ENCODED_BODY));
    else if (hasSeveral(request.raw.rawHeaders, 'authorization'))
      // Node keeps the first and a proxy before us may have judged the last.
      send(reply, errors.fault(request.url, REPEATED_AUTHORIZATION));
    else done();
  });
  app.setErrorHandler((error, request, reply) => send(reply, errors.error(request, error)));
  app.setNotFoundHandler((request, reply) => send(reply, errors.missing(request.url)));
  observeRequests(app, options, ownerOf);
  addServicePaths(app, options);
  if (options.relay !== undefined) addRelay(app, options.relay, errors);
  for (const dialect of options.dialects)
    for (const endpoint of dialect.endpoints) addEndpoint(app, options, dialect, endpoint);

  return {
    async listen(at) {
      await app.listen({ host: at.host, port: at.port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw new Error('the server has no address');
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return `${options.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
    },
    drain: (graceMs = DEFAULT_GRACE_MS) => drain(graceMs),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
  };
}

/** @param rawHeaders names and values in turn, as they came */
function hasSeveral(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name) count += 1;
  return count > 1;
}

function createApp(options: HttpServerOptions, connections: ConnectionLimits, errors: ErrorAnswers): FastifyInstance {
  const shared = {
    logger: false,
    bodyLimit: options.limits.maxBodyBytes,
    connectionTimeout: connections.idleTimeoutMs,
    keepAliveTimeout: connections.keepAliveTimeoutMs,
    requestTimeout: connections.requestTimeoutMs,
    // See drain-connections.ts.
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    exposeHeadRoutes: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: connections.headersTimeoutMs,
      connectionsCheckingInterval: connections.checkIntervalMs,
      // Anything else that offers to upgrade (HTTP/2 in clear, for instance) is a request like any other.
      shouldUpgradeCallback: (request: IncomingMessage) => options.relay?.isConnectRequest(request) ?? false,
    },
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      send(reply, errors.error(request, error));
    },
    clientErrorHandler: (error: Error & { readonly code?: string; readonly rawPacket?: unknown }, socket: Socket) => {
      if (error.code === 'ECONNRESET' || socket.destroyed) {
        socket.destroy();
        return;
      }
      const fault = httpFaultOf(error, options.limits.maxBodyBytes) ?? {
        status: 400,
        message: 'the request is not valid HTTP',
      };
      refuseRaw(socket, errors.fault(pathOfRawPacket(error.rawPacket), fault));
    },
  };
  if (options.tls === undefined) return fastify(shared);
  const https = { ...shared.http, ...options.tls, minVersion: 'TLSv1.2' as const };
  // The types of the two kinds of server differ in members that nothing here touches.
  return fastify({ ...shared, https }) as unknown as FastifyInstance;
}

/** One route: authenticate from the headers alone, then read the body, then handle. */
function addEndpoint(app: FastifyInstance, options: HttpServerOptions, dialect: Dialect, endpoint: Endpoint): void {
  const { services, limits } = options;
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    config: { dialect: dialect.name },
    ...(endpoint.authentication !== 'none' && {
      onRequest: async (request: FastifyRequest) => {
        (request as Authenticated)[CREDENTIALS] = await dialect.authenticate(
          services,
          request.headers.authorization,
          endpoint.authentication as Exclude<Endpoint['authentication'], 'none'>,
        );
      },
    }),
    handler: async (request, reply) => {
      const context = {
        services,
        limits,
        body: request.body,
        params: request.params as Record<string, string>,
        query: request.query as Record<string, string | string[]>,
        raw: rawRequest(request),
        bearer: /^bearer +(\S{1,2048}) *$/i.exec(request.headers.authorization ?? '')?.[1],
      };
      if (endpoint.authentication === 'none') return send(reply, await endpoint.handle(context));
      // Node joins the two by a comma, and what a proxy before us has judged may be either.
      if (hasSeveral(request.raw.rawHeaders, dialect.proofHeader))
        throw new DomainError('invalid_request', 'a user action is given twice');
      const credentials = (request as Authenticated)[CREDENTIALS];
      // Fails closed should a hook ever be lost.
      if (credentials === undefined) throw new DomainError('unauthenticated', 'not authenticated');
      const caller = await proveAction(services, dialect, request, credentials.caller, context.raw);
      return send(reply, await endpoint.handle({ ...context, ...credentials, caller }));
    },
  });
}

function rawRequest(request: FastifyRequest): RawRequest {
  const path = request.url.split('?', 1)[0] ?? '';
  return { method: request.method, path, body: (request as WithRawBody)[RAW_BODY] ?? NO_BODY };
}

/** The caller with the user action that the request carries, if it does. */
async function proveAction(
  services: Services,
  dialect: Dialect,
  request: FastifyRequest,
  caller: Caller,
  raw: RawRequest,
): Promise<Caller> {
  const token = request.headers[dialect.proofHeader];
  if (typeof token !== 'string') return caller;
  if (raw.path.length !== request.url.length)
    throw new DomainError('invalid_request', 'a call with a user action has no query: no proof covers it');
  return services.userActions.prove(caller, token, raw);
}

/** For load balancers, Prometheus and makers of clients; they belong to no dialect. */
function addServicePaths(app: FastifyInstance, { services, metrics, dialects }: HttpServerOptions): void {
  app.get('/health', async (_request, reply) => {
    const ready = await services.canSign().catch(() => false);
    return send(reply, ready ? plainAnswer(200, 'ok') : plainAnswer(503, 'the service cannot sign at the moment'));
  });
  for (const [path, answer] of openApiPaths(dialects)) app.get(path, async (_request, reply) => send(reply, answer));
  if (metrics === undefined) return;
  app.get('/metrics', async (_request, reply) =>
    send(reply, { status: 200, contentType: metrics.contentType, body: await metrics.render() }),
  );
}

function addRelay(app: FastifyInstance, relay: HttpRelay, errors: ErrorAnswers): void {
  app.server.on('upgrade', (request, socket, head) => relay.handleUpgrade(request, socket, head));
  app.route({
    method: 'POST',
    url: '/relay/v1/rooms',
    onRequest: (request, reply, done) => {
      const { authorization } = request.headers;
      if (relay.mayCreateRooms(authorization)) done();
      else send(reply, relay.answerRoomRequest(authorization, undefined));
    },
    handler: async (request, reply) =>
      send(reply, relay.answerRoomRequest(request.headers.authorization, request.body)),
    // No dialect owns this path, so that the reader's own words are the answer.
    errorHandler: (error, request, reply) => {
      const isUnreadable = error instanceof DomainError && error.code === 'invalid_request';
      send(reply, isUnreadable ? plainAnswer(400, error.message) : errors.error(request, error));
    },
  });
}

function warnOfDrops(app: FastifyInstance, logger: HttpLogger | undefined, maxConnections: number): void {
  let refused = 0;
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  app.server.on('drop', () => {
    refused += 1;
    const nowMs = performance.now();
    if (nowMs - warnedAtMs < DROP_WARNING_EVERY_MS) return;
    warnedAtMs = nowMs;
    // `refused` counts from the start, so that none is lost between two warnings.
    logger?.warn({ maxConnections, refused }, 'connections are refused: too many are open');
  });
}

function observeRequests(
  app: FastifyInstance,
  { metrics, logger }: HttpServerOptions,
  ownerOf: (url: string) => Dialect | undefined,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    // The pattern of the route, never the path: a label must not grow with what callers think of.
    const route = request.routeOptions.url ?? 'none';
    const dialect = ownerOf(request.url)?.name ?? 'none';
    metrics?.request(dialect, route, reply.statusCode, reply.elapsedTime / 1000);
    logger?.debug({ dialect, route, status: reply.statusCode, ms: reply.elapsedTime }, 'request answered');
    done();
  });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  // Fastify closes the connection after any body that was refused. The rest of such a body is read and dropped
  // instead (in the time that a request may take): a connection closed over unread bytes is reset, and then the
  // client never sees why it was refused.
  reply.removeHeader('connection');
  reply.code(answer.status);
  reply.header('x-content-type-options', 'nosniff');
  reply.header('cache-control', 'no-store');
  if (answer.headers !== undefined) reply.headers(answer.headers as Record<string, string>);
  if (answer.contentType !== undefined) reply.header('content-type', answer.contentType);
  return reply.send(answer.body);
}
