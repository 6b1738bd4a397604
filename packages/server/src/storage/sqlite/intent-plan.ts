/**
 * What becomes of an intent, decided inside its transaction and before anything is written: a plan that fails leaves
 * nothing to take back.
 */
import { DomainError } from '@countersign/core/domain-error';
import type { RequestId } from '@countersign/core/ids';
import type { Diverted, Intent, IntentItem, PendingItem, RefusedItem } from '@countersign/core/ports/signing-journal';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import type { RequestStanding, RequestTable } from './request-table.ts';
import type { VelocityBatch } from './velocity-ledger.ts';

type Away = Exclude<Diverted, { readonly to: 'intent' }>;

export interface IntentPlan {
  /** What goes on to be signed. */
  readonly items: readonly IntentItem[];
  readonly refused: readonly RefusedItem[];
  readonly pending: readonly PendingItem[];
  /** To be stored as `executing`. */
  readonly fresh: readonly SignatureRequest[];
  readonly taken: readonly { readonly id: RequestId; readonly standing: RequestStanding }[];
  /** By index among the intent's items; undefined: none. */
  readonly diverted: ReadonlyMap<number, Diverted> | undefined;
}

export type Planned =
  | { readonly ok: true; readonly plan: IntentPlan }
  | { readonly ok: false; readonly reason: 'stale' | 'external-id-taken' };

const STALE: Planned = { ok: false, reason: 'stale' };
const TAKEN: Planned = { ok: false, reason: 'external-id-taken' };

/** Whether all items are of the kind that needs no plan: nothing but a key and a digest. */
export function isPlain({ items, refused, pending }: Intent): boolean {
  if (pending !== undefined && pending.length > 0) return false;
  for (const item of items)
    if (item.request !== undefined || item.spends !== undefined || item.decidedBy !== undefined) return false;
  for (const item of refused) if (item.request !== undefined) return false;
  return true;
}

/** Decides every item; `spends` keeps what they take, unwritten. @throws DomainError `internal` for a broken contract */
export function planIntent(intent: Intent, requests: RequestTable, spends: VelocityBatch): Planned {
  const fates = new Array<Away | undefined>(intent.items.length);
  const items: IntentItem[] = [];
  const refused = [...intent.refused];
  const pending = [...(intent.pending ?? [])];
  const fresh: SignatureRequest[] = [];
  const taken: { readonly id: RequestId; readonly standing: RequestStanding }[] = [];
  const diverted = new Map<number, Diverted>();

  for (const [index, item] of intent.items.entries()) {
    const { decidedBy, request } = item;
    if (decidedBy !== undefined) {
      if (!(decidedBy < index) || request !== undefined || item.spends !== undefined)
        throw new DomainError('internal', 'an item that another decides has a request or spends of its own');
      const fate = fates[decidedBy];
      fates[index] = fate;
      if (fate === undefined) items.push(item);
      else diverted.set(index, fate);
      // The other parts of a refused request are in the log as well, each with its own digest.
      if (fate?.to === 'refused')
        refused.push({ keyId: item.keyId, payloadDigest: item.payloadDigest, code: fate.item.code });
      continue;
    }
    let standing: RequestStanding | undefined;
    if (request?.kind === 'stored') {
      standing = requests.standing(intent.accountId, request.id);
      if (standing === undefined || standing.version !== request.version || !canBeTaken(standing)) return STALE;
    }
    const fate = standing?.spendsReserved === true ? undefined : spend(item, spends);
    fates[index] = fate;
    if (fate !== undefined) {
      diverted.set(index, fate);
      if (fate.to === 'refused') refused.push(fate.item);
      else pending.push(fate.item);
      continue;
    }
    items.push(item);
    if (request?.kind === 'new') fresh.push(request.request);
    else if (request !== undefined && standing !== undefined) taken.push({ id: request.id, standing });
  }
  const refusal = checkStored(intent, requests, { fresh, taken, refused, pending });
  if (refusal !== undefined) return refusal;
  return {
    ok: true,
    plan: { items, refused, pending, fresh, taken, diverted: diverted.size > 0 ? diverted : undefined },
  };
}

/** Reserves what fits. Where something doesn't: what becomes of the item instead. */
function spend({ keyId, spends, divert }: IntentItem, batch: VelocityBatch): Away | undefined {
  if (spends === undefined || spends.length === 0) return undefined;
  const over = batch.overLimit(keyId, spends);
  if (over.length > 0) {
    const fate = divert?.(over);
    if (fate === undefined) throw new DomainError('internal', 'an item is over its limit and nothing says what then');
    if (fate.to !== 'intent') return fate;
  }
  batch.reserve(keyId, spends);
  return undefined;
}

/** An approval releases one signature: whoever comes second finds the request being signed. */
function canBeTaken({ status, isApproved, isBeingSigned }: RequestStanding): boolean {
  return status === 'pending' ? isApproved : status === 'executing' && !isBeingSigned;
}

function checkStored(
  { accountId }: Intent,
  requests: RequestTable,
  plan: Pick<IntentPlan, 'fresh' | 'taken' | 'refused' | 'pending'>,
): Planned | undefined {
  const stored: SignatureRequest[] = [...plan.fresh, ...plan.pending.map((item) => item.request)];
  for (const { request } of plan.refused) if (request !== undefined) stored.push(request);
  const ids = new Set<RequestId>(plan.taken.map(({ id }) => id));
  const externalIds = new Set<string>();
  for (const request of stored) {
    const { id, externalId, version } = request;
    if (request.accountId !== accountId) throw new DomainError('internal', 'a request of another account');
    if (ids.has(id)) throw new DomainError('internal', 'a request twice in one intent');
    ids.add(id);
    if (version !== 1) {
      const standing = requests.standing(accountId, id);
      const open = standing?.status === 'pending' || (standing?.status === 'executing' && !standing.isBeingSigned);
      if (!open || standing?.version !== version - 1) return STALE;
    } else if (externalId !== undefined) {
      if (externalIds.has(externalId) || requests.hasExternalId(accountId, externalId)) return TAKEN;
      externalIds.add(externalId);
    }
  }
  if (ids.size !== plan.taken.length + stored.length)
    throw new DomainError('internal', 'a request twice in one intent');
  return undefined;
}
