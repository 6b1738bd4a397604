/** One call of the service as it goes out, and what it means to send it twice. */
export interface Call {
  readonly method: string;
  /** Percent-encoded and without a query, as the service will see it: `/api/v1/keys`. */
  readonly path: string;
  readonly url: URL;
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

/** They change nothing, or are themselves how somebody proves who he is: the service asks for no proof. */
const UNPROVEN_PATHS: readonly RegExp[] = [
  /^\/api\/v1\/(user-actions|registration|login|logout)(\/|$)/,
  /^\/api\/v1\/(verifications|credentials\/challenge)$/,
];

/** Whether a caller with a credential has to prove this call. */
export function isChange({ method, path }: Pick<Call, 'method' | 'path'>): boolean {
  return method !== 'GET' && !UNPROVEN_PATHS.some((pattern) => pattern.test(path));
}

/**
 * Whether the call may be sent again although the service may have carried it out: reading, verifying, and signature
 * requests that all have an `externalId`, by which the service knows them again. Not plain signatures: each one counts
 * for the limits of a policy.
 */
export function isRepeatable(call: Pick<Call, 'method' | 'path' | 'body'>): boolean {
  if (call.method === 'GET' || call.path === '/api/v1/verifications') return true;
  return call.method === 'POST' && call.path === '/api/v1/requests' && haveExternalIds(call.body);
}

function haveExternalIds(body: Uint8Array): boolean {
  try {
    const { items } = JSON.parse(new TextDecoder().decode(body)) as { readonly items: readonly unknown[] };
    return items.length > 0 && items.every((item) => typeof (item as { externalId?: unknown }).externalId === 'string');
  } catch {
    return false;
  }
}
