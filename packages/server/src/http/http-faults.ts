/** What HTTP itself can refuse, by the code that Node or Fastify gives it. Texts are ours; theirs name their insides. */
export interface HttpFault {
  readonly status: number;
  readonly message: string;
}

export const NOT_FOUND: HttpFault = { status: 404, message: 'no such path' };
export const METHOD_NOT_ALLOWED: HttpFault = { status: 405, message: 'this path does not have this method' };
export const URI_TOO_LONG: HttpFault = { status: 414, message: 'the request target is too long' };
export const ENCODED_BODY: HttpFault = { status: 415, message: 'send the body without a Content-Encoding' };
export const REPEATED_AUTHORIZATION: HttpFault = { status: 400, message: 'send one Authorization header' };
/** Accepted, but not finished when the service had to end. */
export const STOPPING: HttpFault = { status: 503, message: 'the service is stopping; send the request again' };
const BAD_REQUEST: HttpFault = { status: 400, message: 'the request is not valid HTTP' };

const BY_CODE: ReadonlyMap<string, HttpFault> = new Map<string, HttpFault>([
  ['FST_ERR_BAD_URL', { status: 400, message: 'the path is not valid' }],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', { status: 400, message: 'the body is not as long as Content-Length says' }],
  ['FST_ERR_ROUTE_MISSING_CONTENT_TYPE', BAD_REQUEST],
  ['FST_ERR_MAX_PARAM_LENGTH', URI_TOO_LONG],
  ['HPE_HEADER_OVERFLOW', { status: 431, message: 'the headers are too large' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, message: 'the chunk extensions are too large' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, message: 'the request did not arrive in time' }],
]);

/** The body limit, which names its setting. */
export function bodyTooLarge(maxBodyBytes: number): HttpFault {
  return { status: 413, message: `the body may have at most ${maxBodyBytes} bytes` };
}

/** The fault behind an error of Node or Fastify, or undefined where it is none of HTTP's. */
export function httpFaultOf(error: unknown, maxBodyBytes: number): HttpFault | undefined {
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(maxBodyBytes);
  const known = typeof code === 'string' ? BY_CODE.get(code) : undefined;
  if (known !== undefined) return known;
  if (typeof code === 'string' && code.startsWith('HPE_')) return BAD_REQUEST;
  // Fastify marks what the client did wrong with a status below 500; its text stays inside.
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? { status: statusCode, message: BAD_REQUEST.message }
    : undefined;
}
