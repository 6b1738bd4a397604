/** Signs stored requests: what an approval releases, and what a former run, or a signer that was away, left undone. */
import { DomainError } from '../domain-error.ts';
import type { AccountId, PrincipalId, RequestId } from '../ids.ts';
import type { RequestToSign } from '../signing-governance.ts';
import { loadRelease, prepareRelease, type Release } from './load-releases.ts';
import type { RequestContext } from './request-dependencies.ts';
import { isFinal, rejectedRequest } from './request-states.ts';
import type { RequestRunner } from './requests.ts';
import { signRequests } from './sign-requests.ts';
import type { SignatureRequest } from './signature-request.ts';
import { createTurnTaking } from './take-turns.ts';

/** Requests that are signed as one batch. */
const CHUNK = 250;
const CHUNKS_AT_ONCE = 2;
/** Ids that are read at once when a start looks for what is unfinished. */
const PAGE = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** More runs than this aren't kept in memory; what they would have signed is found at the next start. */
const MAX_RUNS = 200_000;

export function createRequestRunner(context: RequestContext): RequestRunner {
  const { inFlight, requests } = context;
  return {
    async release(id) {
      for (let running = inFlight.get(id); running !== undefined; running = inFlight.get(id)) await running;
      inFlight.claim(id);
      await run(context, [id], undefined);
    },

    async resume() {
      const seen = new Set<RequestId>();
      for (let limit = PAGE; ; limit += PAGE) {
        const found = await requests.unfinished(limit);
        const fresh = found.filter((id) => !seen.has(id) && inFlight.claim(id));
        for (const id of fresh) seen.add(id);
        await resumeAll(context, fresh);
        if (found.length < limit || context.stopped.aborted) return seen.size;
      }
    },
  };
}

/** In chunks, each of which is done when it has been tried once; what then remains is tried again in the background. */
async function resumeAll(context: RequestContext, ids: readonly RequestId[]): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < ids.length) {
      const chunk = ids.slice(next, next + CHUNK);
      next += CHUNK;
      const triedOnce = Promise.withResolvers<void>();
      void run(context, chunk, triedOnce.resolve);
      await triedOnce.promise;
    }
  };
  await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, work));
}

/** Goes on with claimed requests in the background. */
export function keepTrying(context: RequestContext, ids: readonly RequestId[]): void {
  if (ids.length === 0) return;
  if (context.inFlight.size > MAX_RUNS) for (const id of ids) context.inFlight.done(id);
  else void context.wait(FIRST_RETRY_MS, context.stopped).then(() => run(context, ids, undefined));
}

/** Tries claimed requests until all are final, or nothing is left to do for them here. Never rejects. */
async function run(
  context: RequestContext,
  ids: readonly RequestId[],
  onTried: (() => void) | undefined,
): Promise<void> {
  const { inFlight, waiters, wait, stopped, report } = context;
  let open = ids;
  for (let retryMs = FIRST_RETRY_MS; open.length > 0; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
    const before = open;
    if (!stopped.aborted) {
      open = await attempt(context, before).catch((fault: unknown) => {
        report(fault);
        return before;
      });
    }
    const remaining = new Set(stopped.aborted ? [] : open);
    for (const id of before) {
      if (remaining.has(id)) continue;
      inFlight.done(id);
      waiters.notify(id);
    }
    onTried?.();
    if (remaining.size === 0) return;
    await wait(retryMs, stopped);
  }
  onTried?.();
}

interface Signer {
  readonly accountId: AccountId;
  readonly principalId: PrincipalId;
  readonly dialect: string;
}

/** One pass; resolves with those to try again. */
async function attempt(context: RequestContext, ids: readonly RequestId[]): Promise<readonly RequestId[]> {
  await closeIntents(context.unclosed);
  const again: RequestId[] = [];
  for (const group of groupBySigner(await loadAll(context, ids))) again.push(...(await attemptGroup(context, group)));
  return again;
}

/** Stops at the first that can't be closed yet: the store is still away. */
async function closeIntents(unclosed: Set<() => Promise<void>>): Promise<void> {
  for (const close of unclosed) {
    unclosed.delete(close);
    try {
      await close();
    } catch (fault) {
      // Anything but an answer of the store's own: it isn't there. Its answer is that there is nothing left to close.
      if (fault instanceof DomainError && fault.code === 'internal') continue;
      unclosed.add(close);
      return;
    }
  }
}

async function loadAll(context: RequestContext, ids: readonly RequestId[]): Promise<readonly Release[]> {
  const releases: Release[] = [];
  for (const id of ids) {
    const release = await loadRelease(context, id);
    if (release !== undefined) releases.push(release);
  }
  return releases;
}

function groupBySigner(releases: readonly Release[]): Iterable<readonly Release[]> {
  return Map.groupBy(releases, ({ record }) => `${record.accountId} ${record.requesterId} ${record.dialect}`).values();
}

/** A request that changed since it was read makes the whole batch stale; it must not hold its neighbours up. */
async function attemptGroup(context: RequestContext, group: readonly Release[]): Promise<readonly RequestId[]> {
  const ids = group.map(({ record }) => record.id);
  try {
    return await signGroup(context, group);
  } catch (fault) {
    if (group.length === 1) {
      if (!isAway(fault)) context.report(fault);
      return ids;
    }
  }
  const reread = await loadAll(context, ids);
  try {
    return reread.length === 0 ? [] : await signGroup(context, reread);
  } catch (fault) {
    if (isAway(fault)) return reread.map(({ record }) => record.id);
  }
  const again: RequestId[] = [];
  for (const { record } of reread) again.push(...(await attempt(context, [record.id])));
  return again;
}

function isAway(fault: unknown): boolean {
  return fault instanceof DomainError && fault.code === 'unavailable';
}

async function signGroup(context: RequestContext, group: readonly Release[]): Promise<readonly RequestId[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { accountId, requesterId, dialect } = first.record;
  const signer: Signer = { accountId, principalId: requesterId, dialect };
  const { directory, keys } = context.signing;
  const principal = await directory.principal(requesterId);
  if (principal?.accountId !== accountId || !principal.enabled)
    return rejectAll(context, signer, group, () => 'the requester may no longer sign');
  const found = await keys.resolve(
    accountId,
    group.map(({ record }) => ({ by: 'id', id: record.keyId })),
  );
  const ready: RequestToSign[] = [];
  const refused = new Map<Release, string>();
  const takeTurns = createTurnTaking();
  for (const [index, release] of group.entries()) {
    await takeTurns();
    const prepared = await prepareRelease(context, release, found[index]);
    if (prepared.ok) ready.push(prepared.request);
    else refused.set(release, prepared.reason);
  }
  const again = await rejectAll(context, signer, [...refused.keys()], (release) => refused.get(release) ?? '');
  if (ready.length === 0) return again;
  const signed = await signRequests(context, { principal, session: undefined, dialect }, ready);
  const unsettled = ready.filter((_, index) => !isSettled(signed[index]?.record)).map(({ record }) => record.id);
  return [...again, ...(await stillOpen(context, unsettled))];
}

function isSettled(record: SignatureRequest | undefined): boolean {
  return record !== undefined && isFinal(record);
}

async function stillOpen(context: RequestContext, ids: readonly RequestId[]): Promise<readonly RequestId[]> {
  const open: RequestId[] = [];
  for (const id of ids) {
    const record = await context.requests.byId(id);
    if (record !== undefined && !isFinal(record)) open.push(id);
  }
  return open;
}

/** Requests that can't come before the signing path at all. Resolves with those to try again. */
async function rejectAll(
  { signing }: RequestContext,
  { accountId, principalId, dialect }: Signer,
  releases: readonly Release[],
  reasonFor: (release: Release) => string,
): Promise<readonly RequestId[]> {
  if (releases.length === 0) return [];
  const account = await signing.directory.account(accountId);
  if (account === undefined) return [];
  const atMs = signing.now();
  const recorded = await signing.journal.recordIntent({
    accountId,
    accountRevision: account.revision,
    principalId,
    dialect,
    items: [],
    refused: releases.map((release) => {
      const { record } = release;
      const { keyId, digest, evaluations } = record;
      const request = rejectedRequest(record, false, { reason: reasonFor(release), evaluations, atMs });
      return { keyId, payloadDigest: digest, code: 'key_not_usable', request };
    }),
  });
  return recorded.recorded ? [] : releases.map(({ record }) => record.id);
}
