/** A typed client of the service's own API. */
import { type Api, createApi, dataOf } from './api.ts';
import type { Credential } from './credential.ts';
import type { Fetch } from './exchange.ts';
import type { components } from './generated/api.ts';
import { type Approvals, createApprovals, createPolicies, type Policies } from './governance.ts';
import { createKeys, type Keys } from './keys.ts';
import { createLog, type Log } from './log.ts';
import { createRequests, type Requests } from './requests.ts';
import { type ItemToSign, type SignBatchOptions, type SignResult, signBatch } from './sign-batch.ts';
import { createTransport } from './transport.ts';
import { type ItemToVerify, type VerifyResult, verifyBatch } from './verify-batch.ts';

export interface ClientOptions {
  /** Such as `https://sign.example.com`; may have a path, if a proxy takes it away again. */
  readonly baseUrl: string;
  /** An access token, or an API key: one of the two. */
  readonly token?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Proves every change and every signature. Callers that have credentials need it, others must not give one. */
  readonly credential?: Credential | undefined;
  readonly fetch?: Fetch | undefined;
  /** Of one exchange; default 30 seconds. */
  readonly timeoutMs?: number | undefined;
  /** Most attempts after the first, where another one is safe; default 3. */
  readonly retries?: number | undefined;
}

export type Me = components['schemas']['Me'];

/** Every call rejects with `CountersignError`. */
export interface Client {
  readonly keys: Keys;
  readonly requests: Requests;
  readonly approvals: Approvals;
  readonly policies: Policies;
  readonly log: Log;
  /** Who calls, and what it may do. */
  me(): Promise<Me>;
  /** See `sign-batch.ts`. */
  signBatch(items: readonly ItemToSign[], options?: SignBatchOptions): Promise<readonly SignResult[]>;
  verifyBatch(items: readonly ItemToVerify[]): Promise<readonly VerifyResult[]>;
  /** Every call of the service, by its path. */
  readonly api: Api;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;

/** @throws TypeError for options that don't fit */
export function createClient(options: ClientOptions): Client {
  const baseUrl = new URL(options.baseUrl);
  if (!/^https?:$/.test(baseUrl.protocol) || baseUrl.search !== '' || baseUrl.hash !== '' || baseUrl.username !== '')
    throw new TypeError('baseUrl must be an http or https address without a user, a query or a fragment');
  if ((options.token === undefined) === (options.apiKey === undefined))
    throw new TypeError('give token or apiKey, and only one of them');
  const token = options.token ?? options.apiKey ?? '';
  // Said here, where its text can't quote the token as that of Headers would.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError('a token is printable ASCII without spaces');

  const api = createApi(
    baseUrl,
    createTransport({
      baseUrl,
      token,
      credential: options.credential,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      retries: options.retries ?? DEFAULT_RETRIES,
    }),
  );
  return {
    keys: createKeys(api),
    requests: createRequests(api),
    approvals: createApprovals(api),
    policies: createPolicies(api),
    log: createLog(api),
    me: () => dataOf(api.GET('/api/v1/me')),
    signBatch: (items, batchOptions) => signBatch(api, items, batchOptions),
    verifyBatch: (items) => verifyBatch(api, items),
    api,
  };
}
