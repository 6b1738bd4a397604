/**
 * The one path of a signature. Every dialect, for one item or thousands, comes through here; the numbered steps are
 * those of docs/architecture.md. A single signature is a batch of one.
 */
import { hash } from 'node:crypto';
import type { Account } from './account.ts';
import {
  askExternalRules,
  type BatchAnswers,
  type ExternalRules,
  guardsOfKeys,
  withoutRefused,
} from './ask-external-rules.ts';
import { DomainError, type DomainErrorCode } from './domain-error.ts';
import { loadParticipants } from './governance/load-participants.ts';
import { buildPolicyIndex } from './governance/policy-index.ts';
import type { GovernedCase } from './governed-case.ts';
import {
  type GovernedBatch,
  isAskedAbout,
  judgeGoverned,
  type PlacedRequest,
  screeningsOf,
  settleGoverned,
  withoutDiverted,
} from './judge-governed.ts';
import type { Allowed, Judged } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import { canSeeKey } from './policy/key-access.ts';
import type { Rule } from './policy/rule.ts';
import type { Custody, Verifier } from './ports/custody.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import type { RulesOfKeys } from './ports/policy-store.ts';
import type { IntentItem, IntentReceipt, RefusedItem, SigningJournal } from './ports/signing-journal.ts';
import { prepareItem, settleDeterminism } from './prepare-item.ts';
import { DETERMINISM_FIXED } from './prepare-payload.ts';
import type { Caller, Principal } from './principal.ts';
import type { SignatureRequest } from './requests/signature-request.ts';
import { resolveKeys } from './resolve-keys.ts';
import { type SigningSteps, signAllowed } from './sign-allowed.ts';
import type { SigningGovernance } from './signing-governance.ts';
import type { ParsedItem, SigningItem, SigningResult } from './signing-item.ts';
import { Tally } from './tally.ts';

export interface SigningDependencies {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly journal: SigningJournal;
  readonly custodies: ReadonlyMap<string, Custody>;
  readonly verifier: Verifier;
  readonly rules: readonly Rule[];
  /** Undefined only where there can't be any policy with external rules. */
  readonly external: ExternalRules | undefined;
  /** Undefined only where there can't be any governing policy. */
  readonly governance: SigningGovernance | undefined;
  readonly now: () => number;
  /** Told once per batch and group of equal items, for metrics; must not throw. */
  readonly observe: (dialect: string, algorithm: string, outcome: SigningResult['outcome'], count: number) => void;
}

export type SignBatch = (
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
) => Promise<readonly SigningResult[]>;

/** A batch that may contain stored requests, each of which has some of the places. */
export type SigningPath = (
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
  requests: readonly PlacedRequest[],
) => Promise<SignedBatch>;

export interface SignedBatch {
  readonly results: readonly SigningResult[];
  /**
   * Side by side with the requests: the record after this call, or undefined where a new one wasn't stored; then its
   * places' results say why.
   */
  readonly records: readonly (SignatureRequest | undefined)[];
}

/** How often keys and policy are read again when they changed between being judged and the intent's commit. */
const MAX_ATTEMPTS = 4;

/** A batch with its intent durable, or without anything to record. `results` holds those of items that go no further. */
interface Recorded {
  readonly receipt: IntentReceipt | undefined;
  readonly allowed: Allowed;
  readonly results: (SigningResult | undefined)[];
  /** Empty unless policies or requests are in play. */
  readonly cases: readonly GovernedCase[];
}

const NO_REQUESTS: readonly PlacedRequest[] = [];
const NO_CASES: readonly GovernedCase[] = [];

/**
 * Builds the signing path over its ports. The function it returns never rejects because of an item: results come in
 * the order of the items. It rejects with `DomainError` `unavailable` when nothing could be recorded at all.
 */
export function createSignBatch(dependencies: SigningDependencies): SignBatch {
  // Not async: an async function would hold the items until the last signature is made, and with slow keys that is
  // long enough for the collector to move them all to the old generation.
  return (caller, items) =>
    items.length === 0
      ? Promise.resolve([])
      : record(dependencies, caller, items, NO_REQUESTS).then((recorded) => complete(dependencies, caller, recorded));
}

/**
 * The same path for stored requests, which the core alone hands to it. Rejects moreover with `conflict`, subject
 * `external-id`, when one of the new ones has an external id that was taken meanwhile; nothing is stored then.
 */
export function createSigningPath(dependencies: SigningDependencies & Pick<SigningSteps, 'closeLater'>): SigningPath {
  return async (caller, items, requests) => {
    if (items.length === 0) return { results: [], records: requests.map(() => undefined) };
    const recorded = await record(dependencies, caller, items, requests);
    const results = await complete(dependencies, caller, recorded);
    const byPlace = new Map(recorded.cases.map((each) => [each.parts.places[0], each]));
    return { results, records: requests.map(({ places }) => byPlace.get(places[0])?.record) };
  };
}

/** Steps 1 to 5, all over again where the account changed underneath. */
async function record(
  dependencies: SigningDependencies,
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
  requests: readonly PlacedRequest[],
): Promise<Recorded> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const recorded = await attemptRecord(dependencies, caller, items, requests);
    if (recorded !== undefined) return recorded;
  }
  throw new DomainError('unavailable', 'keys or policies kept changing while signing; send the request again');
}

/** One pass over the steps; undefined when the account changed underneath and everything must be judged again. */
async function attemptRecord(
  dependencies: SigningDependencies,
  given: Caller,
  items: readonly ParsedItem<SigningItem>[],
  loaded: readonly PlacedRequest[],
): Promise<Recorded | undefined> {
  const { account, principal } = await currentCaller(dependencies.directory, given);
  // After the revision that the commit compares, and in every pass: who counted when the request was loaded, or when it
  // was judged before, may have been disabled since.
  const requests = loaded.length === 0 ? loaded : await withApproversNow(dependencies.directory, loaded);
  // Policies are looked up once per batch. Neither awaits nor allocates where the account has none.
  const { governance, external } = dependencies;
  const cached = governance?.policies.cached(account, buildPolicyIndex);
  const index = cached instanceof Promise ? await cached : cached;
  // 1: resolve keys, once per distinct reference.
  const references = items.map((item) => (item.ok ? item.item.key : undefined));
  const keys = await resolveKeys(dependencies.keys, account.id, principal, references);
  const judging = {
    account,
    principal,
    narrowed: narrowedBy(given, principal),
    contentRules: index?.readsContent === true,
  };
  const judged = judge(dependencies.rules, judging, items, keys);
  const batch =
    index?.judgesSignatures === true || requests.length > 0
      ? await judgeGoverned(
          governance,
          index,
          { account, caller: { ...given, principal }, nowMs: dependencies.now() },
          judged,
          items,
          requests,
        )
      : undefined;
  // 4: rule servers. Neither awaits nor allocates where no key of the batch has a policy.
  const found = external === undefined ? undefined : guardsOfKeys(external.policies, account, keys);
  const guards = found instanceof Promise ? await found : found;
  const settling = settle(dependencies, account, judged, items, guards, batch);
  const settled = settling instanceof Promise ? await settling : settling;
  const { allowed, results, intents, refused, pending } = settled;
  if (intents.length + refused.length + (pending?.length ?? 0) === 0)
    return { receipt: undefined, allowed, results, cases: batch?.cases ?? NO_CASES };

  // 5: one durable commit for the whole batch, shared with concurrent requests.
  const recorded = await dependencies.journal.recordIntent({
    accountId: account.id,
    accountRevision: account.revision,
    principalId: principal.id,
    dialect: given.dialect,
    items: intents,
    refused,
    ...(pending === undefined ? {} : { pending }),
  });
  if (!recorded.recorded) {
    if (recorded.reason === 'external-id-taken')
      throw new DomainError('conflict', 'the external id was taken meanwhile', { subject: 'external-id' });
    return undefined;
  }
  const { receipt, diverted } = recorded;
  if (batch === undefined) return { receipt, allowed, results, cases: NO_CASES };
  const remaining = diverted === undefined ? settled : withoutDiverted(batch, settled, diverted);
  return { receipt, allowed: remaining.allowed, results: remaining.results, cases: batch.cases };
}

interface Judging {
  readonly account: Account;
  readonly principal: Principal;
  /** The principal with what its access token left of its grants: both must be allowed. */
  readonly narrowed: Principal | undefined;
  readonly contentRules: boolean;
}

function narrowedBy(caller: Caller, principal: Principal): Principal | undefined {
  if (caller.token === undefined) return undefined;
  const { grants, narrowedTo } = caller.principal;
  return { ...principal, grants, narrowedTo };
}

/** Steps 2 and 3, as far as the built-in rules go: results of items that go no further, and the others. */
function judge(
  rules: readonly Rule[],
  { account, principal, narrowed, contentRules }: Judging,
  items: readonly ParsedItem<SigningItem>[],
  keys: readonly (KeyRecord | undefined)[],
): Judged {
  const allowed: Allowed = { places: [], permitted: [] };
  const results = new Array<SigningResult | undefined>(items.length).fill(undefined);
  const intents: IntentItem[] = [];
  const refused: RefusedItem[] = [];
  items.forEach((parsed, place) => {
    if (!parsed.ok) {
      results[place] = failed(parsed.code, parsed.reason);
      return;
    }
    const key = keys[place];
    if (key === undefined || (narrowed !== undefined && !canSeeKey(narrowed, key))) {
      results[place] = NO_SUCH_KEY;
      return;
    }
    const item = settleDeterminism(key, parsed.item);
    if (item === undefined) {
      results[place] = CONTRADICTS_KEY;
      return;
    }
    // 2: what will be signed.
    const preparation = prepareItem(key, item);
    if (!preparation.ok) {
      results[place] = failed(preparation.code, preparation.reason);
      return;
    }
    // 3: policy.
    const { prepared, view } = preparation;
    const context = { account, principal, key, prepared, view, contentRules };
    let verdict = evaluatePolicy(rules, context);
    if (narrowed !== undefined && verdict.verdict === 'allow')
      verdict = evaluatePolicy(rules, { ...context, principal: narrowed });
    const payloadDigest = digestForLog(prepared.bytes);
    if (verdict.verdict === 'deny') {
      results[place] = { outcome: 'denied', code: verdict.code, reason: verdict.reason };
      refused.push({ keyId: key.id, payloadDigest, code: verdict.code });
    } else {
      allowed.places.push(place);
      allowed.permitted.push({ key, scheme: prepared.scheme, bytes: prepared.bytes, ceremony: item.ceremony });
      intents.push({ keyId: key.id, keyVersion: key.version, payloadDigest });
    }
  });
  return { allowed, results, intents, refused };
}

/** Step 4, with the end of step 3: asks whoever has to be asked, all at once. Returns at once where there is nobody. */
function settle(
  { external, now }: SigningDependencies,
  account: Account,
  judged: Judged,
  items: readonly ParsedItem<SigningItem>[],
  guards: RulesOfKeys | undefined,
  batch: GovernedBatch | undefined,
): Judged | Promise<Judged> {
  if (batch === undefined && (external === undefined || guards === undefined)) return judged;
  const screenings = batch === undefined ? [] : screeningsOf(batch);
  const isAsked = batch === undefined ? () => true : isAskedAbout(batch);
  const conclude = ({ refusals, screenedOut }: BatchAnswers): Judged =>
    batch === undefined
      ? withoutRefused(judged, refusals)
      : settleGoverned(batch, judged, refusals, screenings, screenedOut);
  if (external === undefined || (guards === undefined && screenings.length === 0))
    return conclude({ refusals: new Map(), screenedOut: screenings.map(() => true) });
  return askExternalRules(external, now, { account, judged, items, guards, isAskedAbout: isAsked, screenings }).then(
    conclude,
  );
}

/** Steps 6 to 8 for what may be signed. */
async function complete(
  dependencies: SigningDependencies,
  caller: Caller,
  { receipt, allowed, results, cases }: Recorded,
): Promise<readonly SigningResult[]> {
  if (receipt !== undefined && allowed.places.length > 0)
    await signAllowed(dependencies, receipt, allowed, results, cases);
  const completed = results.map((result) => result ?? failed('internal', 'the item was lost'));
  observeResults(dependencies, caller, completed);
  return completed;
}

/** The caller's account and grants as they are now, since both may have changed after authentication. */
async function currentCaller(
  directory: Directory,
  caller: Caller,
): Promise<{ readonly account: Account; readonly principal: Principal }> {
  const account = await directory.account(caller.principal.accountId);
  const principal = await directory.principal(caller.principal.id);
  if (account === undefined || principal === undefined || !principal.enabled)
    throw new DomainError('unauthenticated', 'the credentials are no longer valid');
  return { account, principal };
}

async function withApproversNow(
  directory: Directory,
  requests: readonly PlacedRequest[],
): Promise<readonly PlacedRequest[]> {
  const now: PlacedRequest[] = [];
  for (const request of requests) {
    const { given } = request;
    if (given === undefined) now.push(request);
    else now.push({ ...request, given: { ...given, ...(await loadParticipants(given.approval, directory)) } });
  }
  return now;
}

/** What the log keeps of the payload: the bytes that are signed when short, otherwise their SHA-256. */
function digestForLog(bytes: Uint8Array): Uint8Array {
  return bytes.length <= 64 ? bytes : hash('sha256', bytes, 'buffer');
}

function failed(code: DomainErrorCode, reason: string): SigningResult {
  return { outcome: 'failed', code, reason };
}

const NO_SUCH_KEY = failed('not_found', 'no such key');
const CONTRADICTS_KEY = failed('invalid_request', DETERMINISM_FIXED);

function observeResults(dependencies: SigningDependencies, caller: Caller, results: readonly SigningResult[]): void {
  const tally = new Tally<SigningResult['outcome']>();
  for (const result of results) tally.add(result.outcome === 'signed' ? result.key.algorithm : 'none', result.outcome);
  tally.report((algorithm, outcome, count) => dependencies.observe(caller.dialect, algorithm, outcome, count));
}
