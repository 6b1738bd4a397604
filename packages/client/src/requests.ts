import { type Api, type CallOptions, dataOf } from './api.ts';
import { CountersignError, readErrorCode } from './countersign-error.ts';
import type { components } from './generated/api.ts';
import { type KeyChoice, type PlainContent, wireContent, wireKey } from './item-content.ts';
import { everyItem } from './pages.ts';

export type SignatureRequest = components['schemas']['SignatureRequest'];
export type ChainPayload = components['schemas']['ChainPayload'];
export type SigningOptions = components['schemas']['SigningOptions'];

type ChainContent = {
  /** What a chain calls a transaction, or a text to sign. */
  readonly payload: ChainPayload;
  readonly options?: SigningOptions;
};

/** `externalId`: the caller's own, once for each thing to sign. Sent again, the service answers with what it has. */
export type RequestItem = KeyChoice &
  (PlainContent | ChainContent) & { readonly walletId?: string; readonly externalId?: string };

export type RequestResult =
  | { readonly request: SignatureRequest; readonly error?: never }
  | { readonly error: CountersignError; readonly request?: never };

export interface WaitOptions extends CallOptions {
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
}

export interface Requests {
  /** In the order of the items; those that policy allows are signed already. */
  create(items: readonly RequestItem[], options?: CallOptions): Promise<readonly RequestResult[]>;
  /** `create` and `waitForResult` for one. @throws CountersignError also where nothing was stored */
  createAndWait(item: RequestItem, options?: WaitOptions): Promise<SignatureRequest>;
  /**
   * The request once it is final: `signed`, `confirmed`, `rejected` or `failed`, the latter two with a `reason`. Asks the
   * service to answer when that is so, and asks again.
   * @throws CountersignError `timed_out` with the request's id; the request lives on
   */
  waitForResult(requestId: string, options?: WaitOptions): Promise<SignatureRequest>;
  get(requestId: string): Promise<SignatureRequest>;
  /** Newest first. */
  list(filter?: {
    readonly status?: SignatureRequest['status'];
    readonly keyId?: string;
    readonly walletId?: string;
  }): AsyncGenerator<SignatureRequest, void, undefined>;
  /** Withdraws one that waits. */
  cancel(requestId: string): Promise<SignatureRequest>;
  /** Reports that a signed transaction was seen on its chain. */
  confirm(
    requestId: string,
    confirmation: { readonly transactionHash: string; readonly network?: string; readonly fee?: string },
  ): Promise<SignatureRequest>;
}

const DEFAULT_WAIT_MS = 600_000;
/** Below the time after which proxies usually end a silent connection. */
const POLL_SECONDS = 25;
const MS_PER_SECOND = 1_000;

export function createRequests(api: Api): Requests {
  const pathOf = (requestId: string): { readonly params: { readonly path: { readonly requestId: string } } } => ({
    params: { path: { requestId } },
  });

  const requests: Requests = {
    async create(items, { signal } = {}) {
      const body = { items: items.map(wireItem) };
      const { results } = await dataOf(api.POST('/api/v1/requests', { body, ...(signal && { signal }) }));
      return results.map(({ request, error }) => {
        if (request !== undefined) return { request };
        const facts = error?.objectId === undefined ? {} : { objectId: error.objectId };
        return { error: new CountersignError(readErrorCode(error?.code), error?.message ?? 'an empty result', facts) };
      });
    },

    async createAndWait(item, options = {}) {
      const [result] = await requests.create([item], options);
      if (result?.request === undefined)
        throw result?.error ?? new CountersignError('unexpected_answer', 'no result for the item');
      return isFinal(result.request) ? result.request : requests.waitForResult(result.request.id, options);
    },

    async waitForResult(requestId, { timeoutMs = DEFAULT_WAIT_MS, signal } = {}) {
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        const leftMs = deadlineMs - performance.now();
        // The last look is at once: what became of it while the time ran out is a result too.
        const wait = Math.min(POLL_SECONDS, Math.max(0, Math.ceil(leftMs / MS_PER_SECOND)));
        const request = await dataOf(
          api.GET('/api/v1/requests/{requestId}', {
            params: { path: { requestId }, query: { wait } },
            ...(signal && { signal }),
          }),
        );
        if (isFinal(request)) return request;
        if (performance.now() >= deadlineMs)
          throw new CountersignError('timed_out', `${requestId} is still ${request.status} after ${timeoutMs} ms`, {
            objectId: requestId,
          });
      }
    },

    get: (requestId) => dataOf(api.GET('/api/v1/requests/{requestId}', pathOf(requestId))),
    list: (filter = {}) =>
      everyItem((after) =>
        dataOf(
          api.GET('/api/v1/requests', { params: { query: { ...filter, ...(after !== undefined && { after }) } } }),
        ),
      ),
    cancel: (requestId) => dataOf(api.POST('/api/v1/requests/{requestId}/cancel', pathOf(requestId))),
    confirm: (requestId, body) =>
      dataOf(api.POST('/api/v1/requests/{requestId}/confirmation', { ...pathOf(requestId), body })),
  };
  return requests;
}

/** Whether nothing more will become of it by itself. */
function isFinal({ status }: SignatureRequest): boolean {
  return status !== 'pending' && status !== 'executing';
}

function wireItem(item: RequestItem): components['schemas']['RequestItem'] {
  return {
    ...wireKey(item),
    ...('payload' in item
      ? { payload: item.payload, ...(item.options !== undefined && { options: item.options }) }
      : wireContent(item)),
    ...(item.walletId !== undefined && { walletId: item.walletId }),
    ...(item.externalId !== undefined && { externalId: item.externalId }),
  };
}
