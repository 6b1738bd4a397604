/** One thing that governing policies decide on: an item on its own, or a stored request with all of its parts. */
import type { Account } from './account.ts';
import { DomainError } from './domain-error.ts';
import type { PolicyEvaluation } from './governance/approval.ts';
import { coveredByApproval, spendsUnderApproval } from './governance/approval-coverage.ts';
import type { GovernanceVerdict, ReservedSpend, SettledVerdict } from './governance/governance-verdict.ts';
import type { KeyRecord } from './key-record.ts';
import { toOneLine } from './policy/external/one-line.ts';
import type { Diverted, IntentItem, IntentRequest, PendingItem, RefusedItem } from './ports/signing-journal.ts';
import type { Caller } from './principal.ts';
import { decodePlain } from './requests/decode-content.ts';
import { requestDigest } from './requests/request-digest.ts';
import {
  allowedRequest,
  draftRequest,
  executingRequest,
  pendingRequest,
  rejectedRequest,
} from './requests/request-states.ts';
import type { SignatureRequest } from './requests/signature-request.ts';
import type { RequestToSign } from './signing-governance.ts';
import type { SigningItem, SigningResult } from './signing-item.ts';

const MAX_REASON_CHARACTERS = 500;

/** What the cases of one batch have in common. */
export interface CaseTerms {
  readonly account: Account;
  readonly caller: Caller;
  readonly nowMs: number;
}

export interface CaseParts {
  /** Of all parts, in their order: indexes among what was allowed by steps 1 to 3. */
  readonly indexes: readonly number[];
  /** Side by side with `indexes`: places in the batch. */
  readonly places: readonly number[];
  readonly request: RequestToSign | undefined;
  readonly key: KeyRecord;
  /** The first part. */
  readonly item: SigningItem;
  readonly intent: IntentItem;
  readonly verdict: GovernanceVerdict;
}

/** What becomes of a case. */
export type Fate =
  | { readonly to: 'sign'; readonly evaluations: readonly PolicyEvaluation[] }
  | { readonly to: 'refused'; readonly result: SigningResult; readonly item: RefusedItem }
  | { readonly to: 'pending'; readonly result: SigningResult; readonly item: PendingItem };

export class GovernedCase {
  readonly parts: CaseParts;
  readonly #terms: CaseTerms;
  #screenedOut: readonly number[] = [];
  #diverted: Fate | undefined;
  #record: SignatureRequest | undefined;

  constructor(terms: CaseTerms, parts: CaseParts) {
    this.#terms = terms;
    this.parts = parts;
  }

  /** The stored request as the last step left it; undefined where nothing is stored. */
  get record(): SignatureRequest | undefined {
    return this.#record;
  }

  set record(record: SignatureRequest | undefined) {
    this.#record = record;
  }

  /** Takes the fate that the journal chose in the transaction of the intent. @throws DomainError `internal` without one */
  takeDiverted(): Fate {
    if (this.#diverted === undefined) throw new DomainError('internal', 'an item was diverted that had no limits');
    return this.#take(this.#diverted);
  }

  /** Whether nothing but screenings could still stand between it and a signature. */
  get wouldBeSigned(): boolean {
    return this.#settle([]).to === 'sign';
  }

  /** The fate once it is known which screenings said no, by their index in the verdict. */
  screened(screenedOut: readonly number[]): Fate {
    this.#screenedOut = screenedOut;
    return this.#take(this.#settle([]));
  }

  /** A rule server of the key said no. */
  refuse(reason: string): Fate {
    return this.#take(this.#refused(reason, this.parts.verdict.evaluations));
  }

  /** The intent of the first part, where the fate is to be signed. */
  intent(evaluations: readonly PolicyEvaluation[]): IntentItem {
    const { request, intent } = this.parts;
    const spends = this.#spends();
    if (request === undefined && spends.length === 0) return intent;
    return {
      ...intent,
      ...(request === undefined ? {} : { request: this.#intentRequest(request, evaluations) }),
      ...(spends.length === 0 ? {} : { spends, divert: (overLimit) => this.#divert(overLimit) }),
    };
  }

  #intentRequest({ kind, record }: RequestToSign, evaluations: readonly PolicyEvaluation[]): IntentRequest {
    const { nowMs } = this.#terms;
    if (kind === 'stored') {
      this.#record = executingRequest(record, nowMs);
      return { kind, id: record.id, version: record.version };
    }
    const request = allowedRequest(record, evaluations, nowMs);
    this.#record = request;
    return { kind, request };
  }

  /** Runs inside the journal's transaction, perhaps more than once: pure but for the fate that it notes. */
  #divert(overLimit: readonly number[]): Diverted {
    const fate = this.#settle(overLimit);
    if (fate.to === 'sign') return { to: 'intent' };
    this.#diverted = fate;
    return fate.to === 'refused' ? { to: 'refused', item: fate.item } : { to: 'pending', item: fate.item };
  }

  #take(fate: Fate): Fate {
    if (fate.to !== 'sign') this.#record = fate.item.request;
    return fate;
  }

  #settle(overLimit: readonly number[]): Fate {
    const { verdict, request } = this.parts;
    const screenedOut = this.#screenedOut;
    const settled: SettledVerdict =
      overLimit.length + screenedOut.length === 0 ? verdict : verdict.resettle({ overLimit, screenedOut });
    if (settled.verdict === 'allow') return { to: 'sign', evaluations: settled.evaluations };
    if (settled.verdict === 'deny') return this.#refused(settled.reason, settled.evaluations);
    if (request?.kind === 'stored') {
      return this.#isCovered(settled)
        ? { to: 'sign', evaluations: settled.evaluations }
        : this.#refused(uncovered(settled, request), settled.evaluations);
    }
    return this.#pending(settled);
  }

  #isCovered(settled: SettledVerdict): boolean {
    const given = this.parts.request?.given;
    return given !== undefined && coveredByApproval(settled, given.approval, given.principalNow, given.ownerOf);
  }

  /** Limits of policies that people have decided on are counted but not checked. */
  #spends(): readonly ReservedSpend[] {
    const { verdict, request } = this.parts;
    const given = request?.given;
    if (given === undefined || verdict.spends.length === 0) return verdict.spends;
    return spendsUnderApproval(verdict, given.approval, given.principalNow, given.ownerOf);
  }

  #pending(settled: SettledVerdict & { readonly verdict: 'needs-approval' }): Fate {
    const { request, intent } = this.parts;
    const draft = request?.record ?? this.#draft();
    if (typeof draft === 'string') return this.#refused(draft, settled.evaluations);
    const stored = pendingRequest(draft, settled, this.#terms.nowMs);
    return {
      to: 'pending',
      result: { outcome: 'pending', approvalId: stored.approval.id, requestId: stored.request.id },
      item: { keyId: intent.keyId, payloadDigest: intent.payloadDigest, ...stored },
    };
  }

  #refused(reason: string, evaluations: readonly PolicyEvaluation[]): Fate {
    const { request, intent } = this.parts;
    const { keyId, payloadDigest } = intent;
    const code = 'denied_by_policy';
    const rejected =
      request === undefined
        ? undefined
        : rejectedRequest(request.record, request.kind === 'new', { reason, evaluations, atMs: this.#terms.nowMs });
    return {
      to: 'refused',
      result: { outcome: 'denied', code, reason },
      item: { keyId, payloadDigest, code, ...(rejected === undefined ? {} : { request: rejected }) },
    };
  }

  /** The request that an item of any dialect becomes when it has to wait; a reason where it can't. */
  #draft(): SignatureRequest | string {
    const { key, item } = this.parts;
    const { account, caller, nowMs } = this.#terms;
    if (key.persistence !== 'stored')
      return 'policy asks for approval, and a key that is not stored would be gone before it is given';
    if (item.ceremony !== undefined)
      return 'policy asks for approval, for which the other parties of a threshold signature would not wait';
    if (item.payload.kind === 'content') return 'policy asks for approval, and the item is part of no request';
    const content = { kind: 'plain', payload: item.payload, options: item.options } as const;
    const decoding = decodePlain(content, key);
    if (!decoding.ok) return decoding.reason;
    const wish = {
      accountId: account.id,
      keyId: key.id,
      walletId: undefined,
      requesterId: caller.principal.id,
      tokenId: caller.token?.id,
      dialect: caller.dialect,
      externalId: undefined,
      body: '{}',
      content,
      view: decoding.content.view,
      createdAtMs: nowMs,
    };
    return draftRequest({ ...wish, digest: requestDigest({ ...wish, key, decoded: decoding.content }) });
  }
}

/** For the requester: what has changed since people approved. */
function uncovered(settled: SettledVerdict, { given }: RequestToSign): string {
  const reasons = settled.evaluations.filter(({ triggered }) => triggered).map(({ reason }) => reason);
  const what =
    given === undefined
      ? 'policies that changed meanwhile ask for approval'
      : 'the approval does not cover what policies ask for now, or approvers no longer count';
  return toOneLine(`${what}; send the request again (${reasons.join('; ')})`, MAX_REASON_CHARACTERS);
}
