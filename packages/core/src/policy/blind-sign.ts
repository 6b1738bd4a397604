import { findAlgorithm } from '@countersign/algorithms/registry';
import { holdsOnKey } from './key-access.ts';
import { ALLOW, deny, type Rule } from './rule.ts';

/**
 * In accounts with rules about content, what can't be read needs a grant of its own: those rules would otherwise be
 * passed by hashing the payload first. A Diffie-Hellman key signs nothing, and has a permission of its own.
 */
export const blindSign: Rule = {
  name: 'blind-sign',
  judge: ({ principal, key, view, contentRules }) =>
    !contentRules ||
    view.kind !== 'opaque' ||
    findAlgorithm(key.algorithm)?.operation === 'derive' ||
    holdsOnKey(principal, 'blind-sign', key)
      ? ALLOW
      : deny(
          'forbidden',
          'policies of the account look at what is signed, and this cannot be read: send the transaction or message instead of its digest, or ask for the permission blind-sign',
        ),
};
