/** Changes that policies govern: made at once, or stored until people have approved them and then made exactly once. */
import { DomainError } from '../domain-error.ts';
import { type AccountId, type ChangeId, newOrderedId } from '../ids.ts';
import { toOneLine } from '../policy/external/one-line.ts';
import type { Directory } from '../ports/directory.ts';
import type { GovernanceStore } from '../ports/governance-store.ts';
import type { RequestStore } from '../ports/request-store.ts';
import type { Caller, Principal } from '../principal.ts';
import type { ActivityKind, Approval } from './approval.ts';
import { coveredByApproval } from './approval-coverage.ts';
import { askApproval } from './ask-approval.ts';
import { changeDigest } from './change-digest.ts';
import type { ChangeRequest, Governed } from './change-request.ts';
import type { SettledVerdict } from './governance-verdict.ts';
import { judgeChange } from './judge-item.ts';
import { loadParticipants } from './load-participants.ts';
import { buildPolicyIndex, type ChangeFacts } from './policy-index.ts';

/** A change as somebody asks for it. */
export interface WantedChange
  extends Pick<ChangeRequest, 'kind' | 'operation' | 'entityId' | 'entityVersion' | 'body'> {
  readonly activity: ActivityKind;
  readonly facts: ChangeFacts;
}

/** How changes of one kind are made once people have approved them. */
export interface ChangeApplier {
  /** What policies filter by, from the stored change: the same as when it was asked for. */
  readonly factsOf: (change: ChangeRequest) => ChangeFacts;
  /**
   * Whether the entity is already as this change makes it, in the version after `entityVersion`: a crash may have come
   * between the change and the note that it was made.
   */
  readonly isApplied: (change: ChangeRequest) => Promise<boolean>;
  /**
   * Makes exactly the stored change, on behalf of its requester as it is now; must refuse where the entity isn't in
   * `entityVersion`, or the requester may no longer do this. Durable when the promise resolves.
   * @throws DomainError whose message becomes the change's reason; `unavailable` leaves it to be tried again
   */
  readonly apply: (change: ChangeRequest, requester: Principal) => Promise<void>;
}

export interface GovernedChanges {
  /**
   * Makes the change with `apply` where no policy stands in the way; otherwise stores it with its approval. The caller's
   * permission and the body have been checked.
   * @throws DomainError `conflict` with subject `change-pending` where the entity has one; `denied_by_policy`; and what
   * `apply` throws
   */
  run<Entity>(caller: Caller, change: WantedChange, apply: () => Promise<Entity>): Promise<Governed<Entity>>;
  /** Once for each kind, before anything else. */
  register(kind: ChangeRequest['kind'], applier: ChangeApplier): void;
  /** Makes an approved change. Resolves when it is applied or failed; never rejects. Safe to call twice, or at once. */
  release(accountId: AccountId, id: ChangeId): Promise<void>;
  /** After a start, and now and then: makes what was approved and has no outcome. Resolves with the number of changes. */
  resume(): Promise<number>;
}

export interface GovernedChangeDependencies {
  readonly governance: GovernanceStore;
  readonly requests: Pick<RequestStore, 'findApproval'>;
  readonly directory: Pick<Directory, 'principal' | 'account'>;
  readonly now: () => number;
  /** For the server's log: a change that could not be finished and stays to be tried again. */
  readonly onUnfinished: (id: ChangeId, cause: unknown) => void;
}

const MAX_REASON_CHARACTERS = 500;
const RESUMED_AT_ONCE = 1_000;

export function createGovernedChanges(dependencies: GovernedChangeDependencies): GovernedChanges {
  const { governance, requests, directory, now } = dependencies;
  const appliers = new Map<ChangeRequest['kind'], ChangeApplier>();
  const underWay = new Map<ChangeId, Promise<void>>();

  async function judge(accountId: AccountId, activity: ActivityKind, facts: ChangeFacts): Promise<SettledVerdict> {
    const account = await directory.account(accountId);
    if (account === undefined) throw new DomainError('internal', 'the account of the change is gone');
    return judgeChange(await governance.cached(account, buildPolicyIndex), activity, facts);
  }

  /** Whose change it is, or why it isn't made after all although people approved it. */
  async function stillAllowed(
    change: ChangeRequest,
    approval: Approval,
    applier: ChangeApplier,
  ): Promise<{ readonly requester: Principal } | { readonly refusal: string }> {
    if (!isAbout(approval, change)) return { refusal: 'the approval is not about this change' };
    const participants = await loadParticipants(approval, directory);
    const verdict = await judge(change.accountId, approval.activity, applier.factsOf(change));
    if (!coveredByApproval(verdict, approval, participants.principalNow, participants.ownerOf))
      return { refusal: 'policies or approvers have changed since it was approved; ask for it again' };
    const requester = await directory.principal(change.requesterId);
    if (requester?.accountId !== change.accountId || !requester.enabled)
      return { refusal: 'who asked for the change is gone or disabled' };
    return { requester };
  }

  async function finish(accountId: AccountId, id: ChangeId): Promise<void> {
    const change = await governance.findChange(accountId, id);
    if (change === undefined || change.status !== 'pending') return;
    const approval = await requests.findApproval(accountId, change.approvalId);
    if (approval?.status !== 'approved') return;
    const applier = appliers.get(change.kind);
    if (applier === undefined) throw new DomainError('internal', `nothing applies changes of kind ${change.kind}`);
    const failure = (await applier.isApplied(change)) ? undefined : await applyChange(change, approval, applier);
    await governance.resolveChange(accountId, id, {
      status: failure === undefined ? 'applied' : 'failed',
      reason: failure === undefined ? undefined : toOneLine(failure, MAX_REASON_CHARACTERS),
      atMs: now(),
    });
  }

  /** Undefined: made. Otherwise why it never will be. */
  async function applyChange(
    change: ChangeRequest,
    approval: Approval,
    applier: ChangeApplier,
  ): Promise<string | undefined> {
    const allowed = await stillAllowed(change, approval, applier);
    if ('refusal' in allowed) return allowed.refusal;
    try {
      await applier.apply(change, allowed.requester);
      return undefined;
    } catch (cause) {
      // The store may have made the change and lost its answer: the next try sees whether it did.
      if (!(cause instanceof DomainError) || cause.code === 'unavailable' || cause.code === 'internal') throw cause;
      return cause.message;
    }
  }

  const changes: GovernedChanges = {
    async run(caller, wanted, apply) {
      const { id: requesterId, accountId } = caller.principal;
      const { activity, facts, ...what } = wanted;
      // Otherwise people would approve a change of something that has become something else meanwhile.
      const pending = await governance.pendingChange(accountId, wanted.entityId);
      if (pending !== undefined) throw changePending(pending.id);
      const verdict = await judge(accountId, activity, facts);
      if (verdict.verdict === 'deny') throw new DomainError('denied_by_policy', verdict.reason);
      if (verdict.verdict === 'allow') return { done: true, entity: await apply() };
      const nowMs = now();
      const content = { ...what, id: newOrderedId<ChangeId>(), accountId, requesterId };
      const digest = changeDigest(content);
      const approval = askApproval(verdict, {
        accountId,
        initiatorId: requesterId,
        activity,
        subject: { kind: 'change', changeId: content.id },
        subjectDigest: digest,
        nowMs,
      });
      const change: ChangeRequest = {
        ...content,
        digest,
        status: 'pending',
        reason: undefined,
        approvalId: approval.id,
        createdAtMs: nowMs,
        resolvedAtMs: undefined,
        version: 1,
      };
      await governance.insertChange(change, approval);
      return { done: false, change };
    },

    register(kind, applier) {
      if (appliers.has(kind)) throw new DomainError('internal', `changes of kind ${kind} have an applier already`);
      appliers.set(kind, applier);
    },

    release(accountId, id) {
      const started = underWay.get(id);
      if (started !== undefined) return started;
      const release = finish(accountId, id)
        .catch((cause: unknown) => dependencies.onUnfinished(id, cause))
        .finally(() => underWay.delete(id));
      underWay.set(id, release);
      return release;
    },

    async resume() {
      const unfinished = await governance.unfinishedChanges(RESUMED_AT_ONCE);
      for (const { accountId, id } of unfinished) await changes.release(accountId, id);
      return unfinished.length;
    },
  };
  return changes;
}

function changePending(id: ChangeId): DomainError {
  return new DomainError('conflict', 'a change of it waits for approval already', {
    subject: 'change-pending',
    objectId: id,
  });
}

/** The body's digest is made anew: what is applied is what people saw, whatever the row says now. */
function isAbout({ subject, subjectDigest, accountId, initiatorId }: Approval, change: ChangeRequest): boolean {
  return (
    subject.kind === 'change' &&
    subject.changeId === change.id &&
    accountId === change.accountId &&
    initiatorId === change.requesterId &&
    Buffer.compare(changeDigest(change), subjectDigest) === 0
  );
}
