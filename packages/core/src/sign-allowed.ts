/** Steps 6 to 8 of a signature: sign, check, record. */
import { completeRequests, noteCompletions } from './complete-requests.ts';
import { DomainError, type DomainErrorCode } from './domain-error.ts';
import type { GovernedCase } from './governed-case.ts';
import type { KeyId } from './ids.ts';
import type { Allowed } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import { mintPermits, type PermitSet, type PermittedItem } from './permit.ts';
import type { Custody, CustodySignature, VerificationJob, Verifier } from './ports/custody.ts';
import type { KeyStore } from './ports/directory.ts';
import type { IntentReceipt, OutcomeItem, RequestCompletion, SigningJournal } from './ports/signing-journal.ts';
import type { SigningResult } from './signing-item.ts';

export interface SigningSteps {
  readonly keys: Pick<KeyStore, 'touch'>;
  readonly journal: Pick<SigningJournal, 'recordOutcome'>;
  readonly custodies: ReadonlyMap<string, Custody>;
  readonly verifier: Verifier;
  readonly now: () => number;
  /** Takes what closes an intent whose outcome couldn't be recorded, to be tried until it doesn't reject. */
  readonly closeLater?: (close: () => Promise<void>) => void;
}

/**
 * Signs what was allowed and fills in its results. A signature leaves only after its outcome is durable. `cases` are those
 * of the batch that may be stored requests.
 */
export async function signAllowed(
  dependencies: SigningSteps,
  receipt: IntentReceipt,
  { places, permitted }: Allowed,
  results: (SigningResult | undefined)[],
  cases: readonly GovernedCase[],
): Promise<void> {
  const signatures = await signByCustody(dependencies.custodies, receipt, permitted);
  await checkSignatures(dependencies.verifier, permitted, signatures);
  const usedAtMs = dependencies.now();
  const completions = completionsOf(cases, places, signatures, usedAtMs);
  const outcomes = signatures.map(outcomeOf);
  if (completions === undefined) await dependencies.journal.recordOutcome(receipt, outcomes);
  else await recordCompletions(dependencies, receipt, outcomes, completions);
  if (completions !== undefined) noteCompletions(cases, completions);
  const used = new Set<KeyId>();
  signatures.forEach((signature, index) => {
    const place = places[index];
    const key = permitted[index]?.key;
    if (place === undefined || key === undefined) throw new DomainError('internal', 'signatures out of step');
    results[place] = resultOf(signature, key);
    if (key.persistence === 'stored') used.add(key.id);
  });
  dependencies.keys.touch([...used], usedAtMs);
}

/**
 * Where the outcome can't be recorded, the intent is at least closed, now or as soon as that is possible: a request can't
 * be signed again under a new intent while it has an open one, which would otherwise stay until the next start.
 */
async function recordCompletions(
  { journal, closeLater }: Pick<SigningSteps, 'journal' | 'closeLater'>,
  receipt: IntentReceipt,
  outcomes: readonly OutcomeItem[],
  completions: readonly RequestCompletion[],
): Promise<void> {
  try {
    await journal.recordOutcome(receipt, outcomes, completions);
  } catch (fault) {
    const close = (): Promise<void> =>
      journal.recordOutcome(
        receipt,
        outcomes.map(() => UNKNOWN),
      );
    await close().catch(() => closeLater?.(close));
    throw fault;
  }
}

function completionsOf(
  cases: readonly GovernedCase[],
  places: readonly number[],
  signatures: readonly CustodySignature[],
  atMs: number,
): readonly RequestCompletion[] | undefined {
  if (cases.length === 0) return undefined;
  const placed = signatures.flatMap((signature, index) => {
    const place = places[index];
    return place === undefined ? [] : [{ place, signature }];
  });
  return completeRequests(cases, placed, atMs);
}

/** Step 6: the permits of a batch, one set for each custody that its keys are in. */
async function signByCustody(
  custodies: ReadonlyMap<string, Custody>,
  receipt: IntentReceipt,
  permitted: readonly PermittedItem[],
): Promise<CustodySignature[]> {
  const first = permitted[0]?.key.custody;
  if (permitted.every((item) => item.key.custody === first)) {
    return signWith(custodies.get(first ?? ''), mintPermits(receipt, permitted));
  }
  // Each custody gets a set of its own: a permit minted for the whole batch is split before it is redeemed.
  const byCustody = Map.groupBy(
    permitted.map((_, index) => index),
    (index) => permitted[index]?.key.custody,
  );
  const signatures = new Array<CustodySignature>(permitted.length);
  const sets = mintPermits(receipt, permitted).split([...byCustody.values()]);
  await Promise.all(
    [...byCustody].map(async ([name, places], part) => {
      const set = sets[part];
      if (set === undefined) throw new DomainError('internal', 'permits out of step');
      const answers = await signWith(custodies.get(name ?? ''), set);
      places.forEach((place, index) => {
        signatures[place] = answers[index] ?? { status: 'fault' };
      });
    }),
  );
  return signatures;
}

/** A custody that rejects has broken its contract; its items then count as `unavailable`, since it may have signed. */
async function signWith(custody: Custody | undefined, permits: PermitSet): Promise<CustodySignature[]> {
  const size = permits.size;
  const answers = await custody?.sign(permits).catch(() => undefined);
  return answers?.length === size ? [...answers] : new Array<CustodySignature>(size).fill({ status: 'unavailable' });
}

/** Step 7, for keys that ask for it: a signature that doesn't verify never leaves. Changes `signatures` in place. */
async function checkSignatures(
  verifier: Verifier,
  permitted: readonly PermittedItem[],
  signatures: CustodySignature[],
): Promise<void> {
  const places: number[] = [];
  const jobs: VerificationJob[] = [];
  permitted.forEach((item, index) => {
    const signature = signatures[index];
    if (!item.key.verifyAfterSign || signature?.status !== 'signed') return;
    places.push(index);
    jobs.push({ ...item, signature: signature.signature });
  });
  if (jobs.length === 0) return;
  const checked = await verifier.verify(jobs);
  places.forEach((place, index) => {
    if (checked[index] !== true) signatures[place] = { status: checked[index] === undefined ? 'unavailable' : 'fault' };
  });
}

/** A signature is its own outcome, since it has the digest; the others are two values. */
function outcomeOf(signature: CustodySignature): OutcomeItem {
  switch (signature.status) {
    case 'signed':
      return signature;
    case 'unavailable':
      return UNKNOWN;
    case 'ceremony-failed':
      return signature.mayExist ? UNKNOWN : FAILED;
    case 'refused':
    case 'invalid':
    case 'fault':
      return FAILED;
  }
}

const UNKNOWN: OutcomeItem = { status: 'unknown', signatureDigest: undefined };
const FAILED: OutcomeItem = { status: 'failed', signatureDigest: undefined };

function resultOf(signature: CustodySignature, key: KeyRecord): SigningResult {
  switch (signature.status) {
    case 'signed':
      return { outcome: 'signed', key, signature: signature.signature };
    case 'refused':
      return { outcome: 'denied', code: 'key_not_usable', reason: 'the sealed key does not allow this' };
    case 'invalid':
      return failed('invalid_request', 'the payload does not fit the key');
    case 'unavailable':
      return failed('unavailable', 'the signer is away for the moment; send the item again');
    case 'ceremony-failed':
      return failed('ceremony_failed', signature.reason);
    case 'fault':
      return failed('internal', 'the signature could not be made');
  }
}

function failed(code: DomainErrorCode, reason: string): SigningResult {
  return { outcome: 'failed', code, reason };
}
