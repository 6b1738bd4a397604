/** The part of steps 3 and 4 of a signature that only batches with governing policies or stored requests need. */
import { OPAQUE_VIEW } from '@countersign/chains/view';
import type { ScreeningQuestion } from './ask-external-rules.ts';
import { DomainError } from './domain-error.ts';
import type { GovernanceVerdict, SettledVerdict } from './governance/governance-verdict.ts';
import { judgeSigning, policiesAbout, type SigningContext } from './governance/judge-item.ts';
import type { IndexedPolicy, PolicyIndex } from './governance/policy-index.ts';
import { type CaseParts, type CaseTerms, type Fate, GovernedCase } from './governed-case.ts';
import type { KeyId } from './ids.ts';
import { type Judged, keepAllowed } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import type { PermittedItem } from './permit.ts';
import type { Diverted, IntentItem, PendingItem, RefusedItem } from './ports/signing-journal.ts';
import { rejectedRequest } from './requests/request-states.ts';
import type { RequestToSign, SigningGovernance } from './signing-governance.ts';
import type { ParsedItem, SigningItem, SigningResult } from './signing-item.ts';
import type { Wallet } from './wallets/wallet.ts';

/** What a batch of requests is made of: the places of each one's parts among the items. */
export interface PlacedRequest extends RequestToSign {
  readonly places: readonly number[];
}

/** A request of which a part isn't allowed: it stands or falls as a whole. */
interface DroppedRequest {
  readonly request: PlacedRequest;
  readonly result: SigningResult;
  /** The first part that isn't allowed. */
  readonly place: number;
}

/** A batch whose governing policies have been judged, before screenings and rule servers have answered. */
export interface GovernedBatch {
  readonly terms: CaseTerms;
  /** In the order of their first items. */
  readonly cases: readonly GovernedCase[];
  readonly dropped: readonly DroppedRequest[];
}

const ALLOWED: SettledVerdict = { verdict: 'allow', evaluations: [] };
const NO_POLICIES: GovernanceVerdict = { ...ALLOWED, spends: [], screenings: [], resettle: () => ALLOWED };

/**
 * Step 3: what the account's policies make of every item, or request, that the built-in rules allow. Undefined where no
 * policy is about any of the keys and nothing is to be stored: the batch is then as it would be without policies.
 */
export async function judgeGoverned(
  governance: SigningGovernance | undefined,
  index: PolicyIndex | undefined,
  terms: CaseTerms,
  judged: Judged,
  items: readonly ParsedItem<SigningItem>[],
  requests: readonly PlacedRequest[],
): Promise<GovernedBatch | undefined> {
  const governing = await governingPolicies(governance, index, terms, judged);
  if (requests.length === 0 && !governing?.isAboutAny) return undefined;
  const { cases: parts, dropped } = partition(judged, items, requests);
  const judge = governing === undefined ? () => NO_POLICIES : governing.judge;
  return {
    terms,
    cases: parts.map((each) => new GovernedCase(terms, { ...each, verdict: judge(each) })),
    dropped,
  };
}

type UnjudgedParts = Omit<CaseParts, 'verdict'>;

function partition(
  { allowed, results, intents }: Judged,
  items: readonly ParsedItem<SigningItem>[],
  requests: readonly PlacedRequest[],
): { readonly cases: readonly UnjudgedParts[]; readonly dropped: readonly DroppedRequest[] } {
  const indexOf = new Map(allowed.places.map((place, index) => [place, index]));
  const partOf = new Map(requests.flatMap((request) => request.places.map((place) => [place, request] as const)));
  const cases: UnjudgedParts[] = [];
  const dropped: DroppedRequest[] = [];
  for (const request of requests) {
    const place = request.places.find((each) => !indexOf.has(each));
    const result = place === undefined ? undefined : results[place];
    if (place !== undefined && result !== undefined) dropped.push({ request, result, place });
  }
  const whole = new Set(requests);
  for (const { request } of dropped) whole.delete(request);
  allowed.places.forEach((place, index) => {
    const request = partOf.get(place);
    if (request !== undefined && (!whole.has(request) || request.places[0] !== place)) return;
    const indexes = request === undefined ? [index] : request.places.map((each) => indexOf.get(each) ?? -1);
    const parsed = items[place];
    const key = allowed.permitted[index]?.key;
    const intent = intents[index];
    if (parsed?.ok !== true || key === undefined || intent === undefined) throw outOfStep();
    cases.push({ indexes, places: request?.places ?? [place], request, key, item: parsed.item, intent });
  });
  return { cases, dropped };
}

/** What is known of one key of the batch. */
interface KeyPolicies {
  readonly wallets: readonly Wallet[];
  /** Of a signature that names no wallet. */
  readonly matching: readonly IndexedPolicy[];
}

interface GoverningPolicies {
  /** Whether a policy is about any signature of the batch; what a request's wallet adds isn't counted. */
  readonly isAboutAny: boolean;
  readonly judge: (parts: UnjudgedParts) => GovernanceVerdict;
}

/** Looks up once for each key what doesn't depend on the item. Undefined without policies about signatures. */
async function governingPolicies(
  governance: SigningGovernance | undefined,
  index: PolicyIndex | undefined,
  { account, caller }: CaseTerms,
  { allowed }: Judged,
): Promise<GoverningPolicies | undefined> {
  if (governance === undefined || index?.judgesSignatures !== true) return undefined;
  const keys = new Map<KeyId, KeyRecord>();
  for (const { key } of allowed.permitted) keys.set(key.id, key);
  const found = governance.wallets.ofKeys(account, [...keys.keys()]);
  const wallets = found instanceof Promise ? await found : found;
  if (wallets.length !== keys.size) throw outOfStep();
  const byKey = new Map<KeyId, KeyPolicies>();
  let isAboutAny = false;
  for (const [order, key] of [...keys.values()].entries()) {
    const ofKey = wallets[order] ?? [];
    const matching = policiesAbout(index, { key, wallets: ofKey, walletId: undefined });
    byKey.set(key.id, { wallets: ofKey, matching });
    isAboutAny ||= matching.length > 0;
  }
  return {
    isAboutAny,
    judge: ({ key, item, request }) => {
      const known = byKey.get(key.id);
      if (known === undefined) throw outOfStep();
      const walletId = request?.record.walletId;
      const context: SigningContext = {
        principal: caller.principal,
        key,
        view: item.payload.kind === 'content' ? item.payload.content.view : OPAQUE_VIEW,
        prices: governance.prices,
        wallets: known.wallets,
        walletId,
      };
      return walletId === undefined ? judgeSigning(index, context, known.matching) : judgeSigning(index, context);
    },
  };
}

/** The screenings to ask about: every part of a case, for each rule that one of its policies names. */
export function screeningsOf({ cases }: GovernedBatch): readonly ScreeningQuestion[] {
  return cases.flatMap(({ parts: { indexes, verdict } }, order) =>
    verdict.verdict === 'deny'
      ? []
      : verdict.screenings.flatMap(({ ruleName }, screening) =>
          indexes.map((index) => ({ index, ruleName, order, screening })),
        ),
  );
}

/** Indexes among what was allowed whose own rule servers are asked: of what would be signed. */
export function isAskedAbout({ cases }: GovernedBatch): (index: number) => boolean {
  // Most batches have nobody to ask.
  let asked: ReadonlySet<number> | undefined;
  return (index) => {
    asked ??= new Set(cases.flatMap((each) => (each.wouldBeSigned ? each.parts.indexes : [])));
    return asked.has(index);
  };
}

/**
 * The end of step 4: what goes on to the intent, what waits, what is refused. `refusals` are those of rule servers by
 * index among what was allowed; `screenedOut` is side by side with `screenings`.
 */
export function settleGoverned(
  batch: GovernedBatch,
  judged: Judged,
  refusals: ReadonlyMap<number, string>,
  screenings: readonly ScreeningQuestion[],
  screenedOut: readonly boolean[],
): Judged {
  const settling = new Settling(judged);
  const noes = new Map<number, Set<number>>();
  screenings.forEach(({ order, screening }, index) => {
    // What wasn't answered isn't a yes.
    if (screenedOut[index] === false) return;
    const ofCase = noes.get(order) ?? new Set<number>();
    noes.set(order, ofCase.add(screening));
  });
  batch.cases.forEach((each, order) => {
    const fate = each.screened([...(noes.get(order) ?? [])]);
    const reason = each.parts.indexes.map((index) => refusals.get(index)).find((refusal) => refusal !== undefined);
    if (fate.to === 'sign' && reason === undefined) settling.sign(each, each.intent(fate.evaluations));
    else settling.stop(each, fate.to === 'sign' ? each.refuse(reason ?? '') : fate);
  });
  for (const each of batch.dropped) settling.drop(each, batch.terms.nowMs);
  return settling.judged();
}

/** After the intent: takes out what the journal diverted. `diverted` is by index among the intents. */
export function withoutDiverted(
  { cases }: GovernedBatch,
  judged: Judged,
  diverted: ReadonlyMap<number, Diverted>,
): Judged {
  const caseAt = new Map(cases.map((each) => [each.parts.places[0], each]));
  const gone = new Set<number>();
  const results = [...judged.results];
  judged.intents.forEach(({ decidedBy }, index) => {
    const first = decidedBy ?? index;
    if (diverted.get(first) === undefined) return;
    gone.add(index);
    if (first !== index) return;
    const each = caseAt.get(judged.allowed.places[index]);
    const fate = each?.takeDiverted();
    if (each === undefined || fate === undefined || fate.to === 'sign') throw outOfStep();
    for (const place of each.parts.places) results[place] = fate.result;
  });
  if (gone.size === 0) return judged;
  const stays = (index: number): boolean => !gone.has(index);
  return {
    ...judged,
    allowed: keepAllowed(judged.allowed, stays),
    intents: judged.intents.filter((_, index) => stays(index)),
    results,
  };
}

class Settling {
  readonly #before: Judged;
  readonly #results: (SigningResult | undefined)[];
  readonly #places: number[] = [];
  readonly #permitted: PermittedItem[] = [];
  readonly #intents: IntentItem[] = [];
  readonly #refused: RefusedItem[];
  readonly #pending: PendingItem[] = [];

  constructor(before: Judged) {
    this.#before = before;
    this.#results = [...before.results];
    this.#refused = [...before.refused];
  }

  sign(each: GovernedCase, first: IntentItem): void {
    const decidedBy = this.#intents.length;
    each.parts.indexes.forEach((index, part) => {
      const { place, permitted, intent } = this.#at(index);
      this.#places.push(place);
      this.#permitted.push(permitted);
      this.#intents.push(part === 0 ? first : { ...intent, decidedBy });
    });
  }

  stop(each: GovernedCase, fate: Fate): void {
    if (fate.to === 'sign') throw outOfStep();
    if (fate.to === 'refused') this.#refused.push(fate.item);
    else this.#pending.push(fate.item);
    for (const index of each.parts.indexes) this.#results[this.#at(index).place] = fate.result;
  }

  drop({ request, result }: DroppedRequest, atMs: number): void {
    for (const place of request.places) this.#results[place] ??= result;
    if (request.kind === 'new' || result.outcome === 'signed' || result.outcome === 'pending') return;
    const { code, reason } = result;
    const { record } = request;
    const rejected = rejectedRequest(record, false, { reason, evaluations: record.evaluations, atMs });
    this.#refused.push({ keyId: record.keyId, payloadDigest: record.digest, code, request: rejected });
  }

  judged(): Judged {
    return {
      allowed: { places: this.#places, permitted: this.#permitted },
      results: this.#results,
      intents: this.#intents,
      refused: this.#refused,
      ...(this.#pending.length === 0 ? {} : { pending: this.#pending }),
    };
  }

  #at(index: number): {
    readonly place: number;
    readonly permitted: PermittedItem;
    readonly intent: IntentItem;
  } {
    const { allowed, intents } = this.#before;
    const place = allowed.places[index];
    const permitted = allowed.permitted[index];
    const intent = intents[index];
    if (place === undefined || permitted === undefined || intent === undefined) throw outOfStep();
    return { place, permitted, intent };
  }
}

function outOfStep(): DomainError {
  return new DomainError('internal', 'items and verdicts out of step');
}
