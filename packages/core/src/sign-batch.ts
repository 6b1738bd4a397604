/**
 * The one path of a signature. Every dialect, for one item or thousands, comes through here; the numbered steps are
 * those of docs/architecture.md. A single signature is a batch of one.
 */
import { hash } from 'node:crypto';
import type { PreparedPayload } from '@countersign/algorithms/algorithm';
import type { Account } from './account.ts';
import { DomainError, type DomainErrorCode } from './domain-error.ts';
import type { KeyRecord } from './key-record.ts';
import { mintPermits, type PermitSet, type PermittedItem } from './permit.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import type { Rule } from './policy/rule.ts';
import type { Custody, CustodySignature, Verifier } from './ports/custody.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import type { IntentItem, IntentReceipt, OutcomeItem, RefusedItem, SigningJournal } from './ports/signing-journal.ts';
import { prepareItem, settleDeterminism } from './prepare-item.ts';
import type { Caller, Principal } from './principal.ts';
import { resolveKeys } from './resolve-keys.ts';
import type { ParsedItem, SigningItem, SigningResult } from './signing-item.ts';
import { Tally } from './tally.ts';

export interface SigningDependencies {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly journal: SigningJournal;
  readonly custodies: ReadonlyMap<string, Custody>;
  readonly verifier: Verifier;
  readonly rules: readonly Rule[];
  readonly now: () => number;
  /** Told once per batch and group of equal items, for metrics; must not throw. */
  readonly observe: (dialect: string, algorithm: string, outcome: SigningResult['outcome'], count: number) => void;
}

export type SignBatch = (
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
) => Promise<readonly SigningResult[]>;

/** How often keys and policy are read again when they changed between being judged and the intent's commit. */
const MAX_ATTEMPTS = 4;

/** Items that policy allowed, side by side with their place in the request. */
interface Allowed {
  readonly places: number[];
  readonly permitted: PermittedItem[];
  readonly intents: IntentItem[];
}

/**
 * Builds the signing path over its ports. The function it returns never rejects because of an item: results come in
 * the order of the items. It rejects with `DomainError` `unavailable` when nothing could be recorded at all.
 */
export function createSignBatch(dependencies: SigningDependencies): SignBatch {
  return async (caller, items) => {
    if (items.length === 0) return [];
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const results = await attemptBatch(dependencies, caller, items);
      if (results !== undefined) {
        observeResults(dependencies, caller, results);
        return results;
      }
    }
    throw new DomainError('unavailable', 'keys or policies kept changing while signing; send the request again');
  };
}

/** One pass over the steps; undefined when the account changed underneath and everything must be judged again. */
async function attemptBatch(
  dependencies: SigningDependencies,
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
): Promise<readonly SigningResult[] | undefined> {
  const { account, principal } = await currentCaller(dependencies.directory, caller);
  const results = new Array<SigningResult | undefined>(items.length);
  const { allowed, refused } = await judge(dependencies, account, principal, items, results);
  if (allowed.places.length === 0 && refused.length === 0) return completed(results);

  // 5: one durable commit for the whole batch, shared with concurrent requests.
  const recorded = await dependencies.journal.recordIntent({
    accountId: account.id,
    accountRevision: account.revision,
    principalId: principal.id,
    dialect: caller.dialect,
    items: allowed.intents,
    refused,
  });
  if (!recorded.recorded) return undefined;
  if (allowed.places.length > 0) await signAllowed(dependencies, recorded.receipt, allowed, results);
  return completed(results);
}

/** Steps 1 to 4: fills in the results of items that go no further, and collects the others. */
async function judge(
  dependencies: SigningDependencies,
  account: Account,
  principal: Principal,
  items: readonly ParsedItem<SigningItem>[],
  results: (SigningResult | undefined)[],
): Promise<{ readonly allowed: Allowed; readonly refused: readonly RefusedItem[] }> {
  const allowed: Allowed = { places: [], permitted: [], intents: [] };
  const refused: RefusedItem[] = [];
  // 1: resolve keys, once per distinct reference.
  const parsed: { readonly place: number; readonly item: SigningItem }[] = [];
  items.forEach((item, place) => {
    if (item.ok) parsed.push({ place, item: item.item });
    else results[place] = { outcome: 'failed', code: item.code, reason: item.reason };
  });
  const keys = await resolveKeys(
    dependencies.keys,
    account.id,
    principal,
    parsed.map(({ item }) => item.key),
  );
  parsed.forEach(({ place, item: asked }, index) => {
    const key = keys[index];
    if (key === undefined) {
      results[place] = { outcome: 'failed', code: 'not_found', reason: 'no such key' };
      return;
    }
    const item = settleDeterminism(key, asked);
    if (item === undefined) {
      results[place] = failed(
        'invalid_request',
        'the key fixes whether signatures are deterministic; leave the option out',
      );
      return;
    }
    // 2: what will be signed.
    const prepared = prepareItem(key, item);
    if (!prepared.ok) {
      results[place] = failed(prepared.code, prepared.reason);
      return;
    }
    // 3 and 4: policy. Rule servers are a kind of rule.
    const verdict = evaluatePolicy(dependencies.rules, {
      account,
      principal,
      key,
      prepared: prepared.prepared,
      view: prepared.view,
    });
    const payloadDigest = digestForLog(prepared.prepared);
    if (verdict.verdict === 'deny') {
      results[place] = { outcome: 'denied', code: verdict.code, reason: verdict.reason };
      refused.push({ keyId: key.id, payloadDigest, code: verdict.code });
    } else if (verdict.verdict === 'needs-approval') {
      results[place] = { outcome: 'pending', approvalId: verdict.approvalId };
    } else {
      allowed.places.push(place);
      allowed.permitted.push({ key, scheme: prepared.prepared.scheme, bytes: prepared.prepared.bytes });
      allowed.intents.push({ keyId: key.id, keyVersion: key.version, payloadDigest });
    }
  });
  return { allowed, refused };
}

/** Steps 6 to 8: sign, check, record. A signature leaves only after its outcome is durable. */
async function signAllowed(
  dependencies: SigningDependencies,
  receipt: IntentReceipt,
  allowed: Allowed,
  results: (SigningResult | undefined)[],
): Promise<void> {
  const signatures = await signByCustody(dependencies.custodies, receipt, allowed.permitted);
  await checkSignatures(dependencies.verifier, allowed.permitted, signatures);
  await dependencies.journal.recordOutcome(receipt, signatures.map(outcomeOf));
  const usedAtMs = dependencies.now();
  const used = new Set<KeyRecord>();
  signatures.forEach((signature, index) => {
    const place = allowed.places[index];
    const item = allowed.permitted[index];
    if (place === undefined || item === undefined) throw new DomainError('internal', 'signatures out of step');
    results[place] = resultOf(signature, item.key);
    if (item.key.persistence === 'stored') used.add(item.key);
  });
  dependencies.keys.touch(
    [...used].map((key) => key.id),
    usedAtMs,
  );
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
  const jobs = permitted.flatMap((item, index) => {
    const signature = signatures[index];
    if (!item.key.verifyAfterSign || signature?.status !== 'signed') return [];
    places.push(index);
    return [{ ...item, signature: signature.signature }];
  });
  if (jobs.length === 0) return;
  const checked = await verifier.verify(jobs);
  places.forEach((place, index) => {
    if (checked[index] !== true) signatures[place] = { status: checked[index] === undefined ? 'unavailable' : 'fault' };
  });
}

function outcomeOf(signature: CustodySignature): OutcomeItem {
  switch (signature.status) {
    case 'signed':
      return { status: 'signed', signatureDigest: signature.signatureDigest };
    case 'unavailable':
      return { status: 'unknown', signatureDigest: undefined };
    case 'refused':
    case 'invalid':
    case 'fault':
      return { status: 'failed', signatureDigest: undefined };
  }
}

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
    case 'fault':
      return failed('internal', 'the signature could not be made');
  }
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

/** What the log keeps of the payload: the bytes that are signed when short, otherwise their SHA-256. */
function digestForLog(prepared: PreparedPayload): Uint8Array {
  return prepared.bytes.length <= 64 ? prepared.bytes : hash('sha256', prepared.bytes, 'buffer');
}

function failed(code: DomainErrorCode, reason: string): SigningResult {
  return { outcome: 'failed', code, reason };
}

function completed(results: readonly (SigningResult | undefined)[]): readonly SigningResult[] {
  return results.map((result) => result ?? failed('internal', 'the item was lost'));
}

function observeResults(dependencies: SigningDependencies, caller: Caller, results: readonly SigningResult[]): void {
  const tally = new Tally<SigningResult['outcome']>();
  for (const result of results) tally.add(result.outcome === 'signed' ? result.key.algorithm : 'none', result.outcome);
  tally.report((algorithm, outcome, count) => dependencies.observe(caller.dialect, algorithm, outcome, count));
}
