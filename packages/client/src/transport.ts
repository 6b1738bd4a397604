/** How calls reach the service: with the caller's token, proven where they change something, and again where that is safe. */
import { type Call, isChange, isRepeatable } from './call.ts';
import type { Credential, SigningCredential } from './credential.ts';
import { exchange, type Fetch } from './exchange.ts';
import { proveAction } from './prove-action.ts';
import { withRetries } from './retry.ts';

export interface TransportOptions {
  readonly baseUrl: URL;
  /** A token or an API key. */
  readonly token: string;
  readonly credential: Credential | undefined;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly retries: number;
}

const PROOF_HEADER = 'x-countersign-user-action';

/** The answer, if it is the wanted one. @throws CountersignError otherwise */
export type Transport = (request: Request) => Promise<Response>;

export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, token, fetch, timeoutMs, retries } = options;
  const prefix = pathPrefix(baseUrl);
  let credential: Promise<SigningCredential> | undefined;

  const headersOf = (from?: Headers): Headers => {
    const headers = new Headers(from);
    headers.set('authorization', `Bearer ${token}`);
    return headers;
  };

  async function post(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const headers = headersOf();
    headers.set('content-type', 'application/json');
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const url = new URL(prefix + path, baseUrl);
    const answer = await exchange(fetch, timeoutMs, { method: 'POST', path, url, headers, body: bytes, signal });
    return answer.json();
  }

  async function prove(call: Call): Promise<Call> {
    if (options.credential === undefined || !isChange(call)) return call;
    credential ??= loadCredential(options.credential);
    const signer = await credential;
    const userAction = await proveAction((path, body) => post(path, body, call.signal), signer, call);
    const headers = new Headers(call.headers);
    headers.set(PROOF_HEADER, userAction);
    return { ...call, headers };
  }

  return async (request) => {
    const url = new URL(request.url);
    const call: Call = {
      method: request.method,
      path: url.pathname.slice(prefix.length),
      url,
      headers: headersOf(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
      signal: request.signal,
    };
    // Proving changes nothing and can always begin anew; it has to for each attempt, since the service spends a proof.
    let isSent = false;
    const mayRepeat = (): boolean => !isSent || isRepeatable(call);
    return withRetries({ retries, isRepeatable: mayRepeat, signal: call.signal }, async () => {
      isSent = false;
      const proven = await prove(call);
      isSent = true;
      return exchange(fetch, timeoutMs, proven);
    });
  };
}

/** A service behind a proxy may have a path before its own; the service doesn't see it, and proofs don't cover it. */
function pathPrefix({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}

async function loadCredential(credential: Credential): Promise<SigningCredential> {
  if ('sign' in credential) return credential;
  const { keyCredential } = await import('./key-credential.ts');
  return keyCredential(credential);
}
