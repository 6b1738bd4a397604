/** Children of master keys: non-hardened derivation inside the custody, each child a key of its own. */
import { MAX_DERIVATION_DEPTH, refuseDerivationPath } from '@countersign/algorithms/derivation-path';
import { DomainError } from '../domain-error.ts';
import type { KeyId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { KeyDependencies, Keys } from '../keys.ts';
import { judgeKeyUse } from '../policy/key-usable.ts';
import type { Caller } from '../principal.ts';
import { checkKeyDescription, checkKeyName } from './check-key-text.ts';
import { findTransfers } from './find-custody.ts';
import { findKey, requireOnKey } from './find-key.ts';
import { recordOf, refuseTakenName, termsOf } from './plan-key.ts';

/** Non-hardened indices are below 2^31 (BIP32). */
const LAST_INDEX = 0x7fff_ffff;
/** A path chosen here may be taken by somebody who names it at that moment. */
const MAX_ATTEMPTS = 4;

type Child = Parameters<Keys['deriveChild']>[3];

export function createDeriveChild(dependencies: KeyDependencies): Keys['deriveChild'] {
  const { keys, custodies, now } = dependencies;
  const inTurn = createTurns();

  /** @throws DomainError, among others `conflict` with subject `derivation-path` */
  async function derive(caller: Caller, parent: KeyRecord, path: readonly number[], child: Child): Promise<KeyRecord> {
    const { principal } = caller;
    // What is sealed into the parent holds for the child, but that it is no master and never leaves: to somebody who knows
    // the chain code it would give away the parent.
    const operations = parent.operations.filter((operation) => operation !== 'derive-child' && operation !== 'export');
    const terms = termsOf(principal, { algorithm: parent.algorithm, operations, exportable: false });
    const pair = await findTransfers(custodies, parent.custody).deriveChild(parent, path, terms);
    const request = { ...parent, ...child, persistence: 'stored', state: 'active', enabled: true } as const;
    const record: KeyRecord = {
      ...recordOf(principal, { request, groupId: parent.groupId, terms }, pair, now()),
      derivedFrom: { keyId: parent.id, path },
      // Who has, or had, the parent's private half has the child's as well.
      imported: parent.imported === true,
      delegatedTo: parent.delegatedTo,
    };
    await keys.insert(record);
    return record;
  }

  async function deriveNext(caller: Caller, parent: KeyRecord, child: Child): Promise<KeyRecord> {
    for (let attempt = 1; ; attempt++) {
      const highest = await keys.highestChildIndex(parent.accountId, parent.id);
      const index = highest === undefined ? 0 : highest + 1;
      if (index > LAST_INDEX)
        throw new DomainError('conflict', 'the last index below the parent is taken; name a derivation path', {
          subject: 'derivation-path',
        });
      try {
        return await derive(caller, parent, [index], child);
      } catch (error) {
        const isTaken = error instanceof DomainError && error.subject === 'derivation-path';
        if (!isTaken || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  return async (caller, parentId, path, child) => {
    const parent = await findKey(keys, caller, { by: 'id', id: parentId });
    requireOnKey(caller, 'derive-child-key', parent, 'derive children of this key');
    requireOnKey(caller, 'create-key', parent, 'create keys in this group');
    findTransfers(custodies, parent.custody);
    if (!parent.operations.includes('derive-child'))
      throw new DomainError('key_not_usable', 'the key is not a master key: it has no children');
    const use = judgeKeyUse(parent, 'derive-child');
    if (use.verdict === 'deny') throw new DomainError(use.code, use.reason);
    if (path !== undefined) checkPath(path);
    if (child.name !== undefined) checkKeyName(child.name);
    checkKeyDescription(child.description);
    await refuseTakenName(keys, caller.principal, { persistence: 'stored', name: child.name });
    return path === undefined
      ? inTurn(parent.id, () => deriveNext(caller, parent, child))
      : derive(caller, parent, [...path], child);
  };
}

function checkPath(path: readonly number[]): void {
  const wrong =
    path.length === 0
      ? `a child has a derivation path of 1 to ${MAX_DERIVATION_DEPTH} indices`
      : refuseDerivationPath(path);
  if (wrong !== undefined) throw new DomainError('invalid_request', wrong, { subject: 'derivation-path' });
}

/** Work on one key, one after another: without it, many that ask for "the next index" at once would all try the same. */
function createTurns(): <T>(id: KeyId, work: () => Promise<T>) => Promise<T> {
  const last = new Map<KeyId, Promise<unknown>>();
  return (id, work) => {
    const mine = (last.get(id) ?? Promise.resolve()).then(work, work);
    last.set(id, mine);
    const leave = (): void => {
      if (last.get(id) === mine) last.delete(id);
    };
    mine.then(leave, leave);
    return mine;
  };
}
