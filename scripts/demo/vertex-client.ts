/** The few calls of the Vertex API that the demo makes, on one server. */
import { Agent, request } from 'node:http';

/** Longer than an operation between servers may take. */
const TIMEOUT_MS = 180_000;

export interface VertexAnswer {
  readonly status: number;
  /** The members of the answer; none where it isn't an object. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface VertexClient {
  readonly call: (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<VertexAnswer>;
  /** The same under another API key, on the same connections. */
  readonly as: (apiKey: string) => VertexClient;
  readonly close: () => void;
}

export function createVertexClient(
  host: string,
  port: number,
  apiKey: string,
  agent = new Agent({ keepAlive: true, maxSockets: 32 }),
): VertexClient {
  return {
    call: (method, path, body) => {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      return new Promise((done, fail) => {
        const headers = {
          authorization: apiKey,
          ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': bytes.length }),
        };
        const call = request({ host, port, path, agent, method, headers, timeout: TIMEOUT_MS }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', fail);
          response.once('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            done({ status: response.statusCode ?? 0, body: membersOf(text), text });
          });
        });
        call.once('timeout', () => call.destroy(new Error(`${path} wasn't answered in ${TIMEOUT_MS / 1000} s`)));
        call.once('error', fail);
        call.end(bytes);
      });
    },
    as: (otherKey) => createVertexClient(host, port, otherKey, agent),
    close: () => agent.destroy(),
  };
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** A member of a 200 that is a string. @throws Error with the server's text for anything else */
export function expectText({ status, body, text }: VertexAnswer, member: string): string {
  const value = body[member];
  if (status === 200 && typeof value === 'string') return value;
  throw new Error(`expected a 200 with ${member}, got ${status}: ${text.slice(0, 400)}`);
}
