import { findAlgorithm } from '@countersign/algorithms/registry';
import { holdsOnKey } from './key-access.ts';
import { ALLOW, deny, type Rule } from './rule.ts';

/** The principal must hold what the key does, `sign` or `derive`, on the key, its group, or the account. */
export const permission: Rule = {
  name: 'permission',
  judge: ({ principal, key }) => {
    const operation = findAlgorithm(key.algorithm)?.operation ?? 'sign';
    return holdsOnKey(principal, operation, key) ? ALLOW : REFUSED[operation];
  },
};

const REFUSED = {
  sign: deny('forbidden', 'the caller may not sign with keys of this group'),
  derive: deny('forbidden', 'the caller may not derive with keys of this group'),
} as const;
