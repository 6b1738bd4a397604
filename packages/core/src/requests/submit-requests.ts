/** The command `create`: from what callers ask for to stored requests, signed as one batch. */
import { DomainError } from '../domain-error.ts';
import type { RequestId, WalletId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import type { Caller } from '../principal.ts';
import { resolveKeys } from '../resolve-keys.ts';
import type { ParsedItem, SigningResult } from '../signing-item.ts';
import { type DecodedContent, decodeContent } from './decode-content.ts';
import { seesRequest } from './request-access.ts';
import type { RequestContext } from './request-dependencies.ts';
import { requestDigest } from './request-digest.ts';
import { keepTrying } from './request-runner.ts';
import { draftRequest, isFinal } from './request-states.ts';
import type { NewSignatureRequest, RequestResult } from './requests.ts';
import { signRequests } from './sign-requests.ts';
import type { SignatureRequest } from './signature-request.ts';
import { createTurnTaking } from './take-turns.ts';

const MAX_BODY_CHARACTERS = 1_048_576;
const MAX_EXTERNAL_ID_CHARACTERS = 200;
/** How often external ids are looked up again because somebody took one meanwhile. */
const MAX_ATTEMPTS = 4;
/** How long a repeated request waits for the first one, which is being signed at this moment. */
const REPLAY_WAIT_MS = 5_000;

/** A request that can be signed as far as it can be said beforehand. */
interface Draft {
  readonly place: number;
  readonly key: KeyRecord;
  readonly content: DecodedContent;
  readonly record: SignatureRequest;
}

/** See `Requests.create`. */
export async function submitRequests(
  context: RequestContext,
  caller: Caller,
  parsed: readonly ParsedItem<NewSignatureRequest>[],
): Promise<readonly RequestResult[]> {
  const results: (RequestResult | undefined)[] = parsed.map(() => undefined);
  const drafts = await draftAll(context, caller, parsed, results);
  // Two of one call with the same external id: the second is a repetition of the first.
  const firsts = new Map<string, Draft>();
  const repeated: Draft[] = [];
  const open = drafts.filter((draft) => {
    const { externalId } = draft.record;
    if (externalId === undefined) return true;
    if (firsts.has(externalId)) repeated.push(draft);
    else firsts.set(externalId, draft);
    return firsts.get(externalId) === draft;
  });
  await signAll(context, caller, open, results);
  for (const draft of repeated) {
    const first = results[firsts.get(draft.record.externalId ?? '')?.place ?? -1];
    results[draft.place] = first?.ok === true ? await replay(context, caller, draft, first.request) : first;
  }
  return results.map((result) => result ?? refused(new DomainError('internal', 'the request was lost')));
}

async function draftAll(
  context: RequestContext,
  caller: Caller,
  parsed: readonly ParsedItem<NewSignatureRequest>[],
  results: (RequestResult | undefined)[],
): Promise<readonly Draft[]> {
  const { keys, now } = context.signing;
  const { principal } = caller;
  const references = parsed.map((item) => (item.ok ? item.item.key : undefined));
  const found = await resolveKeys(keys, principal.accountId, principal, references);
  const nowMs = now();
  const drafts: Draft[] = [];
  const takeTurns = createTurnTaking();
  for (const [place, item] of parsed.entries()) {
    // A batch of the largest payloads takes seconds to decode.
    await takeTurns();
    try {
      if (!item.ok) throw new DomainError(item.code, item.reason);
      checkBounds(item.item);
      drafts.push(await draft(context, caller, item.item, found[place], place, nowMs));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      results[place] = refused(error);
    }
  }
  return drafts;
}

function checkBounds({ body, externalId }: NewSignatureRequest): void {
  if (body.length > MAX_BODY_CHARACTERS)
    throw new DomainError('too_large', `the body of a signature request has at most ${MAX_BODY_CHARACTERS} characters`);
  if (externalId === undefined) return;
  if (externalId === '' || externalId.length > MAX_EXTERNAL_ID_CHARACTERS || !isOneLine(externalId))
    throw new DomainError(
      'invalid_request',
      `an external id is one line of 1 to ${MAX_EXTERNAL_ID_CHARACTERS} characters`,
      { subject: 'external-id' },
    );
}

/** Approvers are shown through whose wallet it was asked for. @throws DomainError `not_found` with subject `wallet` */
async function requireWalletOf(
  { directory, governance }: RequestContext['signing'],
  key: KeyRecord,
  walletId: WalletId,
): Promise<void> {
  const account = await directory.account(key.accountId);
  const [ofKey = []] = account === undefined ? [] : ((await governance?.wallets.ofKeys(account, [key.id])) ?? []);
  if (!ofKey.some(({ id }) => id === walletId))
    throw new DomainError('not_found', 'the key has no such wallet', { subject: 'wallet' });
}

async function draft(
  { loadChain, signing }: RequestContext,
  { principal, token, dialect }: Caller,
  request: NewSignatureRequest,
  key: KeyRecord | undefined,
  place: number,
  nowMs: number,
): Promise<Draft> {
  if (key === undefined) throw new DomainError('not_found', 'no such key', { subject: 'key' });
  if (key.persistence !== 'stored')
    throw new DomainError('invalid_request', 'a signature request needs a key that is stored');
  const { content, walletId, externalId, body } = request;
  if (walletId !== undefined) await requireWalletOf(signing, key, walletId);
  const decoding = await decodeContent(content, key, loadChain);
  if (!decoding.ok) throw new DomainError(decoding.code, decoding.reason);
  const decoded = decoding.content;
  const wish = {
    accountId: principal.accountId,
    keyId: key.id,
    walletId,
    requesterId: principal.id,
    tokenId: token?.id,
    dialect,
    externalId,
    body,
    content,
    view: decoded.view,
    createdAtMs: nowMs,
  };
  const record = draftRequest({ ...wish, digest: requestDigest({ ...wish, key, decoded }) });
  return { place, key, content: decoded, record };
}

/** Signs what isn't there yet, and answers with what is. */
async function signAll(
  context: RequestContext,
  caller: Caller,
  drafts: readonly Draft[],
  results: (RequestResult | undefined)[],
): Promise<void> {
  let open = drafts;
  for (let attempt = 1; ; attempt++) {
    open = await withoutKnown(context, caller, open, results);
    if (open.length === 0) return;
    const outcome = await signOnce(context, caller, open);
    if (outcome !== 'external-id-taken') {
      open.forEach(({ place }, index) => {
        results[place] = outcome[index];
      });
      return;
    }
    if (attempt === MAX_ATTEMPTS)
      throw new DomainError('unavailable', 'external ids kept being taken by others; send the request again');
  }
}

async function withoutKnown(
  context: RequestContext,
  caller: Caller,
  drafts: readonly Draft[],
  results: (RequestResult | undefined)[],
): Promise<readonly Draft[]> {
  const named = drafts.filter(({ record }) => record.externalId !== undefined);
  if (named.length === 0) return drafts;
  const known = await context.requests.byExternalId(
    caller.principal.accountId,
    named.map(({ record }) => record.externalId ?? ''),
  );
  const answered = new Set<Draft>();
  for (const [index, existing] of known.entries()) {
    const draft = named[index];
    if (existing === undefined || draft === undefined) continue;
    results[draft.place] = await replay(context, caller, draft, existing);
    answered.add(draft);
  }
  return drafts.filter((draft) => !answered.has(draft));
}

/** The former request where this one asks for the same, otherwise the conflict. */
async function replay(
  context: RequestContext,
  caller: Caller,
  draft: Draft,
  existing: SignatureRequest,
): Promise<RequestResult> {
  const { requests, signing, inFlight, wait, stopped } = context;
  // As if it had been asked for by the same principal through the same dialect: then only what is signed can differ.
  const { requesterId, dialect } = existing;
  const digest = requestDigest({ ...draft.record, requesterId, dialect, key: draft.key, decoded: draft.content });
  if (Buffer.compare(digest, existing.digest) !== 0) {
    const [key] = await signing.keys.resolve(existing.accountId, [{ by: 'id', id: existing.keyId }]);
    const objectId = seesRequest(caller.principal, existing, key) ? { objectId: existing.id } : {};
    return refused(
      new DomainError('conflict', 'another signature request has this external id', {
        subject: 'external-id',
        ...objectId,
      }),
    );
  }
  if (isFinal(existing) || existing.status === 'pending') return { ok: true, request: existing };
  const running = inFlight.get(existing.id);
  if (running !== undefined) {
    const over = new AbortController();
    await Promise.race([running, wait(REPLAY_WAIT_MS, AbortSignal.any([stopped, over.signal]))]);
    over.abort();
  }
  return { ok: true, request: (await requests.find(existing.accountId, existing.id)) ?? existing };
}

async function signOnce(
  context: RequestContext,
  caller: Caller,
  drafts: readonly Draft[],
): Promise<readonly RequestResult[] | 'external-id-taken'> {
  const { inFlight, waiters } = context;
  const ids = drafts.map(({ record }) => record.id);
  // Before anything is stored: who looks for unfinished requests must not take these for a former run's.
  for (const id of ids) inFlight.claim(id);
  const unfinished = new Set<RequestId>(ids);
  const settle = (id: RequestId): void => {
    unfinished.delete(id);
    inFlight.done(id);
    waiters.notify(id);
  };
  try {
    const signed = await signRequests(
      context,
      caller,
      drafts.map(({ record, content }) => ({ kind: 'new', record, content, given: undefined })),
    );
    return drafts.map(({ record: { id } }, index): RequestResult => {
      const { record, result } = signed[index] ?? {};
      if (record?.status !== 'executing') settle(id);
      return record === undefined ? refused(errorOf(result)) : { ok: true, request: record };
    });
  } catch (error) {
    if (error instanceof DomainError && error.code === 'conflict' && error.subject === 'external-id') {
      for (const id of ids) settle(id);
      return 'external-id-taken';
    }
    throw error;
  } finally {
    // Stored and allowed, but without an outcome that is known: it will be signed, whoever still waits for it.
    keepTrying(context, [...unfinished]);
  }
}

function errorOf(result: SigningResult | undefined): DomainError {
  return result?.outcome === 'denied' || result?.outcome === 'failed'
    ? new DomainError(result.code, result.reason)
    : new DomainError('internal', 'the request was lost');
}

function refused(error: DomainError): RequestResult {
  return { ok: false, error };
}
