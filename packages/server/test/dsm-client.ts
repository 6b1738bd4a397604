/** For tests: calls of the DSM dialect without a socket. */
import type { HttpServer } from '../src/http/http-server.ts';

export interface DsmAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** An item of a batch's answer. */
export interface DsmBatchItem {
  readonly status: number;
  readonly error?: string;
  readonly body?: { readonly kid?: string; readonly signature?: string; readonly result?: boolean };
}

/** The items of a batch's answer. @throws where it isn't a list */
export function batchItems(answer: DsmAnswer): readonly DsmBatchItem[] {
  const items: unknown = JSON.parse(answer.text);
  if (!Array.isArray(items)) throw new Error(`not a batch: ${answer.text}`);
  return items as DsmBatchItem[];
}

export interface DsmCallOptions {
  /** Sent as `Basic`. */
  readonly apiKey?: string | undefined;
  /** Sent as `Bearer`. */
  readonly token?: string | undefined;
  /** A string or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type DsmCall = (method: string, path: string, options?: DsmCallOptions) => Promise<DsmAnswer>;

export function dsmClient(server: HttpServer, defaults: DsmCallOptions = {}): DsmCall {
  return async (method, path, options = {}) => {
    const { apiKey, token, body, headers } = { ...defaults, ...options };
    const authorization =
      token !== undefined ? `Bearer ${token}` : apiKey !== undefined ? `Basic ${apiKey}` : undefined;
    const response = await server.inject({
      method: method as 'GET',
      url: path,
      headers: { ...(authorization !== undefined && { authorization }), ...headers },
      ...(body !== undefined && {
        payload: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      }),
    });
    return {
      status: response.statusCode,
      contentType: response.headers['content-type'] as string | undefined,
      text: response.body,
      headers: response.headers,
    };
  };
}
