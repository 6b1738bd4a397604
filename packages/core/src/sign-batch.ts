/**
 * The one path of a signature. Every dialect, for one item or thousands, comes through here; the numbered steps are
 * those of docs/architecture.md. A single signature is a batch of one.
 */
import { hash } from 'node:crypto';
import type { Account } from './account.ts';
import { askExternalRules, type ExternalRules } from './ask-external-rules.ts';
import { DomainError, type DomainErrorCode } from './domain-error.ts';
import type { KeyId } from './ids.ts';
import type { Allowed, Judged } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import { mintPermits, type PermitSet, type PermittedItem } from './permit.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import type { Rule } from './policy/rule.ts';
import type { Custody, CustodySignature, VerificationJob, Verifier } from './ports/custody.ts';
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
  /** Undefined only where there can't be any policy with external rules. */
  readonly external: ExternalRules | undefined;
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

/** A batch with its intent durable, or without anything to record. `results` holds those of items that go no further. */
interface Recorded {
  readonly receipt: IntentReceipt | undefined;
  readonly allowed: Allowed;
  readonly results: (SigningResult | undefined)[];
}

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
      : record(dependencies, caller, items).then((recorded) => complete(dependencies, caller, recorded));
}

/** Steps 1 to 5, all over again where the account changed underneath. */
async function record(
  dependencies: SigningDependencies,
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
): Promise<Recorded> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const recorded = await attemptRecord(dependencies, caller, items);
    if (recorded !== undefined) return recorded;
  }
  throw new DomainError('unavailable', 'keys or policies kept changing while signing; send the request again');
}

/** One pass over the steps; undefined when the account changed underneath and everything must be judged again. */
async function attemptRecord(
  dependencies: SigningDependencies,
  caller: Caller,
  items: readonly ParsedItem<SigningItem>[],
): Promise<Recorded | undefined> {
  const { account, principal } = await currentCaller(dependencies.directory, caller);
  // 1: resolve keys, once per distinct reference.
  const references = items.map((item) => (item.ok ? item.item.key : undefined));
  const keys = await resolveKeys(dependencies.keys, account.id, principal, references);
  const judged = judge(dependencies.rules, account, principal, items, keys);
  // 4: rule servers. Neither awaits nor allocates where no key of the batch has a policy.
  const { external } = dependencies;
  const found = external?.policies.rulesOfKeys(account, keys);
  const guards = found instanceof Promise ? await found : found;
  const { allowed, results, intents, refused } =
    external === undefined || guards === undefined
      ? judged
      : await askExternalRules(external, dependencies.now, judged, items, guards);
  if (intents.length === 0 && refused.length === 0) return { receipt: undefined, allowed, results };

  // 5: one durable commit for the whole batch, shared with concurrent requests.
  const recorded = await dependencies.journal.recordIntent({
    accountId: account.id,
    accountRevision: account.revision,
    principalId: principal.id,
    dialect: caller.dialect,
    items: intents,
    refused,
  });
  return recorded.recorded ? { receipt: recorded.receipt, allowed, results } : undefined;
}

/** Steps 2 and 3: fills in the results of items that go no further, and collects the others. */
function judge(
  rules: readonly Rule[],
  account: Account,
  principal: Principal,
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
    if (key === undefined) {
      results[place] = NO_SUCH_KEY;
      return;
    }
    const item = settleDeterminism(key, parsed.item);
    if (item === undefined) {
      results[place] = DETERMINISM_FIXED;
      return;
    }
    // 2: what will be signed.
    const prepared = prepareItem(key, item);
    if (!prepared.ok) {
      results[place] = failed(prepared.code, prepared.reason);
      return;
    }
    // 3: policy.
    const { scheme, bytes } = prepared.prepared;
    const context = { account, principal, key, prepared: prepared.prepared, view: prepared.view };
    const verdict = evaluatePolicy(rules, context);
    const payloadDigest = digestForLog(bytes);
    if (verdict.verdict === 'deny') {
      results[place] = { outcome: 'denied', code: verdict.code, reason: verdict.reason };
      refused.push({ keyId: key.id, payloadDigest, code: verdict.code });
    } else if (verdict.verdict === 'needs-approval') {
      results[place] = { outcome: 'pending', approvalId: verdict.approvalId };
    } else {
      allowed.places.push(place);
      allowed.permitted.push({ key, scheme, bytes, ceremony: item.ceremony });
      intents.push({ keyId: key.id, keyVersion: key.version, payloadDigest });
    }
  });
  return { allowed, results, intents, refused };
}

/** Steps 6 to 8 for what may be signed. */
async function complete(
  dependencies: SigningDependencies,
  caller: Caller,
  { receipt, allowed, results }: Recorded,
): Promise<readonly SigningResult[]> {
  if (receipt !== undefined && allowed.places.length > 0) await signAllowed(dependencies, receipt, allowed, results);
  const completed = results.map((result) => result ?? failed('internal', 'the item was lost'));
  observeResults(dependencies, caller, completed);
  return completed;
}

/** Steps 6 to 8: sign, check, record. A signature leaves only after its outcome is durable. */
async function signAllowed(
  dependencies: SigningDependencies,
  receipt: IntentReceipt,
  { places, permitted }: Allowed,
  results: (SigningResult | undefined)[],
): Promise<void> {
  const signatures = await signByCustody(dependencies.custodies, receipt, permitted);
  await checkSignatures(dependencies.verifier, permitted, signatures);
  await dependencies.journal.recordOutcome(receipt, signatures.map(outcomeOf));
  const usedAtMs = dependencies.now();
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
function digestForLog(bytes: Uint8Array): Uint8Array {
  return bytes.length <= 64 ? bytes : hash('sha256', bytes, 'buffer');
}

function failed(code: DomainErrorCode, reason: string): SigningResult {
  return { outcome: 'failed', code, reason };
}

const NO_SUCH_KEY = failed('not_found', 'no such key');
const DETERMINISM_FIXED = failed(
  'invalid_request',
  'the key fixes whether signatures are deterministic; leave the option out',
);

function observeResults(dependencies: SigningDependencies, caller: Caller, results: readonly SigningResult[]): void {
  const tally = new Tally<SigningResult['outcome']>();
  for (const result of results) tally.add(result.outcome === 'signed' ? result.key.algorithm : 'none', result.outcome);
  tally.report((algorithm, outcome, count) => dependencies.observe(caller.dialect, algorithm, outcome, count));
}
