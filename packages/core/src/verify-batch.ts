/** Verification: no secret, no policy beyond permission and state, nothing in the log. */
import { DomainError, type DomainErrorCode } from './domain-error.ts';
import { holdsOnKey } from './policy/key-access.ts';
import { judgeKeyUse } from './policy/key-usable.ts';
import type { VerificationJob, Verifier } from './ports/custody.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import { prepareItem } from './prepare-item.ts';
import type { Caller, Principal } from './principal.ts';
import { resolveKeys } from './resolve-keys.ts';
import type { ParsedItem, VerificationItem, VerificationResult } from './signing-item.ts';
import { Tally } from './tally.ts';

export type VerifyBatch = (
  caller: Caller,
  items: readonly ParsedItem<VerificationItem>[],
) => Promise<readonly VerificationResult[]>;

export interface VerificationDependencies {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly verifier: Verifier;
  /** Told once per batch and group of equal items, for metrics; must not throw. */
  readonly observe: (
    dialect: string,
    algorithm: string,
    outcome: 'valid' | 'invalid' | 'denied' | 'failed',
    count: number,
  ) => void;
}

/** Results in the order of the items; a signature that doesn't verify is `checked` with `valid: false`. */
export function createVerifyBatch(dependencies: VerificationDependencies): VerifyBatch {
  return async (caller, items) => {
    const principal = await dependencies.directory.principal(caller.principal.id);
    if (principal === undefined || !principal.enabled)
      throw new DomainError('unauthenticated', 'the credentials are no longer valid');
    const narrowed = narrowedBy(caller, principal);
    const results = new Array<VerificationResult | undefined>(items.length);
    const parsed: { readonly place: number; readonly item: VerificationItem }[] = [];
    items.forEach((item, place) => {
      if (item.ok) parsed.push({ place, item: item.item });
      else results[place] = failed(item.code, item.reason);
    });
    const keys = await resolveKeys(
      dependencies.keys,
      principal.accountId,
      narrowed,
      parsed.map(({ item }) => item.key),
    );
    const places: number[] = [];
    const jobs: VerificationJob[] = [];
    parsed.forEach(({ place, item }, index) => {
      const key = keys[index];
      if (key === undefined) {
        results[place] = failed('not_found', 'no such key');
        return;
      }
      const use = judgeKeyUse(key, 'verify');
      if (use.verdict === 'deny') {
        results[place] = { outcome: 'denied', code: use.code, reason: use.reason };
        return;
      }
      if (!holdsOnKey(principal, 'verify', key) || !holdsOnKey(narrowed, 'verify', key)) {
        results[place] = denied('forbidden', 'the caller may not verify with keys of this group');
        return;
      }
      const prepared = prepareItem(key, item);
      if (!prepared.ok) {
        results[place] = failed(prepared.code, prepared.reason);
        return;
      }
      places.push(place);
      jobs.push({ key, scheme: prepared.prepared.scheme, bytes: prepared.prepared.bytes, signature: item.signature });
    });
    const checked = jobs.length === 0 ? [] : await dependencies.verifier.verify(jobs);
    jobs.forEach((job, index) => {
      const place = places[index];
      if (place !== undefined) results[place] = resultOf(job, checked[index]);
    });
    const complete = results.map((result) => result ?? failed('internal', 'the item was lost'));
    observeResults(dependencies, caller, complete);
    return complete;
  };
}

/** The principal as it is now with what its access token left of its grants: both must be allowed. */
function narrowedBy({ token, principal: { grants, narrowedTo } }: Caller, principal: Principal): Principal {
  return token === undefined ? principal : { ...principal, grants, narrowedTo };
}

function resultOf(job: VerificationJob, checked: boolean | 'invalid' | undefined): VerificationResult {
  if (checked === undefined) return failed('unavailable', 'the verifier is away for the moment; send the item again');
  if (checked === 'invalid') return failed('invalid_request', 'the payload does not fit the key');
  return { outcome: 'checked', key: job.key, valid: checked };
}

function observeResults(
  dependencies: VerificationDependencies,
  caller: Caller,
  results: readonly VerificationResult[],
): void {
  const tally = new Tally<'valid' | 'invalid' | 'denied' | 'failed'>();
  for (const result of results) {
    if (result.outcome === 'checked') tally.add(result.key.algorithm, result.valid ? 'valid' : 'invalid');
    else tally.add('none', result.outcome);
  }
  tally.report((algorithm, outcome, count) => dependencies.observe(caller.dialect, algorithm, outcome, count));
}

function denied(code: DomainErrorCode, reason: string): VerificationResult {
  return { outcome: 'denied', code, reason };
}

function failed(code: DomainErrorCode, reason: string): VerificationResult {
  return { outcome: 'failed', code, reason };
}
