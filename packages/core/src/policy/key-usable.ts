import { findAlgorithm } from '@countersign/algorithms/registry';
import type { KeyOperation, KeyRecord, KeyState } from '../key-record.ts';
import { ALLOW, deny, type Rule, type Verdict } from './rule.ts';

const PROTECTING_STATES: readonly KeyState[] = ['active'];
const PROCESSING_STATES: readonly KeyState[] = ['active', 'deactivated', 'compromised'];

/** Whether state, the enabled flag and the key's own operations let it do `operation`. */
export function judgeKeyUse(key: KeyRecord, operation: KeyOperation): Verdict {
  if (!key.enabled) return deny('key_not_usable', 'the key is disabled');
  const states = operation === 'verify' ? PROCESSING_STATES : PROTECTING_STATES;
  if (!states.includes(key.state)) return deny('key_not_usable', `the key is ${key.state} and can't ${operation}`);
  if (!key.operations.includes(operation))
    return deny('key_not_usable', `the key's operations don't include ${operation}`);
  return ALLOW;
}

/** The key itself must allow what its algorithm does: signing, or deriving. */
export const keyUsable: Rule = {
  name: 'key-usable',
  judge: ({ key }) =>
    key.sealed === undefined
      ? deny('key_not_usable', 'the key has no private half')
      : judgeKeyUse(key, findAlgorithm(key.algorithm)?.operation ?? 'sign'),
};
