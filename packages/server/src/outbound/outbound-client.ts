/**
 * The one way in which this service calls others by HTTP. It connects only to addresses that were checked, follows no
 * redirect, uses no proxy, and bounds the time, the headers and the body of an answer.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { OutboundFailure } from './outbound-failure.ts';
import { type OutboundUrl, parseOutboundUrl } from './outbound-url.ts';
import { type CheckTarget, createTargetCheck, type TargetCheckOptions } from './target-check.ts';

export interface OutboundPost {
  readonly url: string;
  readonly contentType: string;
  /** A text is ASCII; bytes are sent as they are. */
  readonly body: string | Uint8Array;
  /** Beside those that every call has; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxAnswerBytes: number;
  /** For everything: name, connection, question and the whole answer. */
  readonly timeoutMs: number;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Empty unless the status is 200: nobody needs the text of other answers, redirects for instance. */
  readonly body: Uint8Array;
}

export interface OutboundClient {
  /** @throws OutboundFailure */
  post(request: OutboundPost): Promise<OutboundAnswer>;
  /** For connections that others make, such as WebSockets: the same rule about where they may go. */
  readonly checkTarget: CheckTarget;
  /** Why no call can ever go to this URL, as a sentence that starts with "the URL"; undefined: it may. */
  refuseUrl(url: string): string | undefined;
  /** Ends idle connections. */
  close(): void;
}

export interface OutboundClientOptions extends TargetCheckOptions {
  /** Certificates in PEM that TLS servers may chain to, instead of the well-known ones. */
  readonly trustedCertificates?: readonly string[];
}

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CALLS = 1024;
const MAX_CONNECTIONS_PER_HOST = 128;
const MAX_IDLE_CONNECTIONS_PER_HOST = 64;
const IDLE_MS = 10_000;
const PLAIN_HTTP = 'plain HTTP is for targets in the list of allowed ones (--outbound-allow) alone; use https';

export function createOutboundClient(options: OutboundClientOptions): OutboundClient {
  const { checkTarget, refusesLiteral } = createTargetCheck(options);
  const connections = {
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS_PER_HOST,
    maxFreeSockets: MAX_IDLE_CONNECTIONS_PER_HOST,
    timeout: IDLE_MS,
  };
  // Agents of our own: the global ones may take a proxy from the environment.
  const plain = new HttpAgent(connections);
  const secure = new HttpsAgent(connections);
  const ca = options.trustedCertificates === undefined ? {} : { ca: [...options.trustedCertificates] };
  let calls = 0;

  const callOnce = async (post: OutboundPost, url: OutboundUrl, signal: AbortSignal): Promise<OutboundAnswer> => {
    const target = await checkTarget(url.host, url.port, signal);
    if (!url.secure && !target.listed) throw new OutboundFailure('not-allowed', PLAIN_HTTP);
    const body = typeof post.body === 'string' ? Buffer.from(post.body, 'latin1') : Buffer.from(post.body);
    const request: RequestOptions = {
      method: 'POST',
      host: url.host,
      port: url.port,
      path: url.path,
      lookup: target.lookup,
      headers: {
        ...post.headers,
        host: url.authority,
        'content-type': post.contentType,
        'content-length': body.length,
        accept: post.contentType,
        'accept-encoding': 'identity',
        'user-agent': 'countersign',
      },
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      signal,
    };
    const { response, dispose } = await send(request, body, url, { plain, secure, ca });
    try {
      return await readAnswer(response, post.maxAnswerBytes);
    } finally {
      dispose();
    }
  };

  return {
    checkTarget,

    async post(post) {
      const parsed = parseOutboundUrl(post.url);
      if (!parsed.ok) throw new OutboundFailure('bad-target', parsed.reason);
      if (calls >= MAX_CALLS) throw new OutboundFailure('busy', 'too many calls are under way');
      calls += 1;
      const signal = AbortSignal.timeout(post.timeoutMs);
      try {
        return await callOnce(post, parsed.url, signal);
      } catch (error) {
        if (signal.aborted) throw new OutboundFailure('timeout', 'no answer in time', { cause: error });
        if (error instanceof OutboundFailure) throw error;
        throw new OutboundFailure('unreachable', 'the connection failed', { cause: error });
      } finally {
        calls -= 1;
      }
    },

    refuseUrl(text) {
      const parsed = parseOutboundUrl(text);
      if (!parsed.ok) return parsed.reason;
      if (!refusesLiteral(parsed.url.host, parsed.url.port)) return undefined;
      return 'the URL names an address that is not public, and the list of allowed targets (--outbound-allow) does not have it';
    },

    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

interface Agents {
  readonly plain: HttpAgent;
  readonly secure: HttpsAgent;
  readonly ca: { readonly ca?: string[] };
}

interface Received {
  readonly response: IncomingMessage;
  /** Ends the connection unless the answer was read to its end. */
  readonly dispose: () => void;
}

/** Sends the request; once more on a new connection where a kept one turns out to have been closed by the other side. */
async function send(request: RequestOptions, body: Buffer, url: OutboundUrl, agents: Agents): Promise<Received> {
  const attempt = (agent: HttpAgent | HttpsAgent | false): Promise<Received> =>
    new Promise((resolve, reject) => {
      const servername = isIP(url.host) === 0 ? { servername: url.host } : {};
      const sent = url.secure
        ? httpsRequest({ ...request, ...agents.ca, ...servername, agent })
        : httpRequest({ ...request, agent });
      sent.once('response', (response) => {
        // Also when nobody reads it any more, a lost connection must not end the process.
        response.on('error', () => {});
        resolve({
          response,
          dispose: () => {
            if (!response.complete || !response.readableEnded) sent.destroy();
          },
        });
      });
      sent.on('error', (error) => reject(new SendFailure(error, sent.reusedSocket)));
      // A connection that ends without an answer and without an error, or that becomes another protocol.
      sent.once('close', () => reject(new SendFailure(undefined, false)));
      sent.end(body);
    });
  try {
    return await attempt(url.secure ? agents.secure : agents.plain);
  } catch (error) {
    if (!(error instanceof SendFailure) || !error.reused || request.signal?.aborted === true) throw error;
    return attempt(false);
  }
}

class SendFailure extends Error {
  readonly reused: boolean;
  constructor(cause: unknown, reused: boolean) {
    super('the connection failed', { cause });
    this.reused = reused;
  }
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const status = response.statusCode ?? 0;
  if (status !== 200) return { status, body: new Uint8Array(0) };
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new OutboundFailure('bad-answer', 'the answer is compressed, which was not asked for');
  const tooLarge = new OutboundFailure('bad-answer', `the answer has more than ${maxBytes} bytes`);
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  if (!response.complete) throw new OutboundFailure('bad-answer', 'the answer was cut off');
  return { status, body: Buffer.concat(chunks) };
}
