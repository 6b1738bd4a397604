/** For tests: calls of the Vertex dialect without a socket, every answer checked against what its endpoint declares. */
import { Value } from 'typebox/value';
import type { Endpoint } from '../src/dialects/dialect.ts';
import { ENDPOINTS } from '../src/dialects/vertex/endpoints.ts';
import { ERR_TYPES, ErrorSchema } from '../src/dialects/vertex/vertex-error.ts';
import type { HttpServer } from '../src/http/http-server.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export interface VertexAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
  /** The text as JSON; undefined where it isn't. */
  readonly json: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface VertexCallOptions {
  readonly apiKey?: string | undefined;
  /** A string or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type VertexCall = (method: string, path: string, options?: VertexCallOptions) => Promise<VertexAnswer>;

export function vertexClient(server: HttpServer, defaults: VertexCallOptions = {}): VertexCall {
  return async (method, path, options = {}) => {
    const { apiKey, body, headers } = { ...defaults, ...options };
    const response = await server.inject({
      method: method as 'GET',
      url: path,
      headers: { ...(apiKey !== undefined && { authorization: apiKey }), ...headers },
      ...(body !== undefined && {
        payload: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      }),
    });
    const answer: VertexAnswer = {
      status: response.statusCode,
      contentType: response.headers['content-type'] as string | undefined,
      text: response.body,
      json: parse(response.body),
      headers: response.headers,
    };
    checkShape(method, path, answer);
    return answer;
  };
}

/** The word of an error, or the status of anything else. */
export function outcomeOf({ status, json }: VertexAnswer): string | number {
  return status === 200 ? status : String((json as { readonly err_type?: unknown }).err_type);
}

/** @throws Error for an answer that isn't what the API says it is */
function checkShape(method: string, path: string, answer: VertexAnswer): void {
  const complain = (problem: unknown): never => {
    throw new Error(`${method} ${path} answered ${answer.status} ${answer.text}: ${JSON.stringify(problem)}`);
  };
  if (answer.headers['cache-control'] !== 'no-store') complain('may be cached');
  if (answer.status !== 200) {
    if (answer.contentType !== JSON_TYPE) complain('an error that is not JSON');
    const problems = [...Value.Errors(ErrorSchema, answer.json)];
    if (problems.length > 0) complain(problems);
    const { err_type: errType } = answer.json as { readonly err_type: keyof typeof ERR_TYPES };
    if (ERR_TYPES[errType] !== answer.status) complain('the wrong status for this error');
    return;
  }
  const schema = endpointAt(method, path)?.responses[200];
  if (schema === undefined) complain('no answer is declared');
  else {
    const value = answer.contentType === JSON_TYPE ? answer.json : answer.text;
    const problems = [...Value.Errors(schema, value)];
    if (problems.length > 0) complain(problems);
  }
}

function endpointAt(method: string, path: string): Endpoint | undefined {
  const segments = path.split('?', 1)[0]?.split('/') ?? [];
  return ENDPOINTS.find((endpoint) => {
    const pattern = endpoint.path.split('/');
    return (
      endpoint.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) => part.startsWith(':') || part === segments[index])
    );
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
