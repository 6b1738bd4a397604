import { DomainError } from '../domain-error.ts';
import type { RequestId } from '../ids.ts';
import type { Page } from '../page.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import { canSeeKey, holdsOnKey } from '../policy/key-access.ts';
import type { StoredRequestQuery } from '../ports/request-store.ts';
import { administersAccount, type Caller, isAboutKeys, type Principal } from '../principal.ts';
import { findRequest, seesRequest } from './request-access.ts';
import { type RequestContext, type RequestDependencies, requestContext } from './request-dependencies.ts';
import { createRequestRunner } from './request-runner.ts';
import { isFinal } from './request-states.ts';
import type { RequestQuery, RequestRunner, Requests } from './requests.ts';
import type { Confirmation, SignatureRequest } from './signature-request.ts';
import { submitRequests } from './submit-requests.ts';

const MAX_WAIT_MS = 60_000;
/** What changes a request elsewhere than in this process, or by a denial, is seen after this at the latest. */
const LOOK_AGAIN_MS = 5_000;
const MAX_CONFIRMATION_CHARACTERS = 128;
const MAX_PAGE = 1_000;
/** Pages of the store that one call reads while it looks for requests that the caller may see. */
const MAX_PAGES_READ = 20;

export interface RequestService {
  readonly requests: Requests;
  readonly runner: RequestRunner;
  /** Ends what is tried again in the background; unfinished requests are found at the next start. */
  readonly stop: () => void;
}

/** Commands and runner, which share what is being signed at the moment. */
export function createRequests(dependencies: RequestDependencies): RequestService {
  const stopping = new AbortController();
  const context = requestContext(dependencies, stopping.signal);
  const reading = { keys: dependencies.signing.keys, requests: dependencies.requests };
  const now = dependencies.signing.now;
  return {
    runner: createRequestRunner(context),
    stop: () => stopping.abort(),
    requests: {
      create: (caller, requests) => submitRequests(context, caller, requests),
      get: async (caller, id) => (await findRequest(reading, caller, id)).request,
      list: (caller, query) => listRequests(context, caller, query),

      async confirm(caller, id, confirmation) {
        checkConfirmation(confirmation);
        const { request, key } = await findRequest(reading, caller, id);
        if (key === undefined || !holdsOnKey(caller.principal, 'confirm-request', key))
          throw new DomainError('forbidden', 'the caller may not confirm requests of this key');
        const changed = await dependencies.requests.update(request.accountId, id, (current) =>
          confirmed(current, confirmation, now()),
        );
        context.waiters.notify(id);
        return changed ?? request;
      },

      async cancel(caller, id) {
        const { request } = await findRequest(reading, caller, id);
        if (request.requesterId !== caller.principal.id && !administersAccount(caller.principal))
          throw new DomainError('forbidden', 'only the requester or an administrator can withdraw the request');
        if (request.status !== 'pending' || request.approvalId === undefined) throw notPending(request);
        await dependencies.requests.updateApproval(request.accountId, request.approvalId, (approval) => {
          if (approval.status !== 'pending') throw notPending(request);
          const nowMs = now();
          const { version } = approval;
          return {
            approval: {
              ...approval,
              status: 'cancelled',
              resolvedAtMs: nowMs,
              updatedAtMs: nowMs,
              version: version + 1,
            },
            reason: 'withdrawn',
          };
        });
        context.waiters.notify(id);
        return (await dependencies.requests.find(request.accountId, id)) ?? request;
      },

      waitFor: (caller, id, timeoutMs) =>
        waitForRequest(context, () => findRequest(reading, caller, id).then(({ request }) => request), id, timeoutMs),
    },
  };
}

async function listRequests(
  { requests, signing }: RequestContext,
  { principal }: Caller,
  query: RequestQuery,
): Promise<Page<SignatureRequest>> {
  const { accountId } = principal;
  const { keyId, walletId, status } = query;
  const limit = Math.max(1, Math.min(query.limit, MAX_PAGE));
  if (keyId !== undefined) {
    const [key] = await signing.keys.resolve(accountId, [{ by: 'id', id: keyId }]);
    if (key !== undefined && !canSeeKey(principal, key)) return { items: [], more: false };
  }
  // The store knows where grants reach, not what they allow, nor delegation: its answer is looked through once more.
  const among = keyId === undefined && walletId === undefined ? visibleTo(principal) : 'all';
  const items: SignatureRequest[] = [];
  let after: RequestId | undefined = query.after;
  let more = true;
  for (let read = 0; more && items.length < limit && read < MAX_PAGES_READ; read++) {
    const page: Page<SignatureRequest> = await requests.list({
      accountId,
      keyId,
      walletId,
      status,
      among,
      after,
      limit: limit - items.length,
    });
    const keys = await signing.keys.resolve(
      accountId,
      page.items.map((request) => ({ by: 'id', id: request.keyId })),
    );
    items.push(...page.items.filter((request, index) => seesRequest(principal, request, keys[index])));
    after = page.items.at(-1)?.id;
    more = page.more && after !== undefined;
  }
  return { items, more: more && items.length > 0 };
}

function visibleTo(principal: Principal): StoredRequestQuery['among'] {
  const grants = principal.grants.filter(isAboutKeys);
  if (grants.some(({ scope }) => scope.kind === 'account')) return 'all';
  return {
    groups: grants.flatMap(({ scope }) => (scope.kind === 'group' ? [scope.groupId] : [])),
    keys: grants.flatMap(({ scope }) => (scope.kind === 'key' ? [scope.keyId] : [])),
  };
}

async function waitForRequest(
  { waiters, wait, stopped }: RequestContext,
  read: () => Promise<SignatureRequest>,
  id: RequestId,
  timeoutMs: number,
): Promise<SignatureRequest> {
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  let timedOut = false;
  const ending = wait(Math.max(0, Math.min(timeoutMs, MAX_WAIT_MS)), signal).then(() => {
    timedOut = true;
  });
  try {
    for (;;) {
      // Before it is read, so that no change falls between the two.
      const listener = waiters.listen(id);
      try {
        const request = await read();
        if (isFinal(request) || timedOut || listener === undefined) return request;
        await Promise.race([listener.changed, ending, wait(LOOK_AGAIN_MS, signal)]);
      } finally {
        listener?.stop();
      }
    }
  } finally {
    over.abort();
  }
}

function confirmed(current: SignatureRequest, confirmation: Confirmation, nowMs: number): SignatureRequest {
  const before = current.confirmation;
  const isSame =
    before?.transactionHash === confirmation.transactionHash &&
    before.network === confirmation.network &&
    before.fee === confirmation.fee;
  if (current.status === 'confirmed' && isSame) return current;
  if (current.status !== 'signed')
    throw new DomainError('conflict', `the request is ${current.status}; only a signed one is confirmed, and once`, {
      subject: 'request-state',
    });
  return { ...current, status: 'confirmed', confirmation, confirmedAtMs: nowMs, version: current.version + 1 };
}

function checkConfirmation({ transactionHash, network, fee }: Confirmation): void {
  for (const [name, text] of Object.entries({ transactionHash, network, fee })) {
    if (text === undefined) continue;
    if (text === '' || text.length > MAX_CONFIRMATION_CHARACTERS || !isOneLine(text))
      throw new DomainError('invalid_request', `${name} is one line of 1 to ${MAX_CONFIRMATION_CHARACTERS} characters`);
  }
}

function notPending({ status }: SignatureRequest): DomainError {
  const state = status === 'pending' ? 'approved already' : status;
  return new DomainError('conflict', `the request is ${state}; only one that waits for approval can be withdrawn`, {
    subject: 'request-state',
  });
}
