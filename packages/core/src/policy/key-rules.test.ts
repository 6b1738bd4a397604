import { OPAQUE_VIEW } from '@countersign/chains/view';
import { describe, expect, it } from 'vitest';
import { keyOf, principalWith } from '../../test/recording-ports.ts';
import { newId } from '../ids.ts';
import type { KeyOperation, KeyRecord } from '../key-record.ts';
import type { Grant, Permission, Principal } from '../principal.ts';
import { BUILT_IN_RULES } from './built-in-rules.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import { keyUsable } from './key-usable.ts';
import { permission } from './permission.ts';
import type { RuleContext } from './rule.ts';

function contextOf(key: KeyRecord, principal: Principal): RuleContext {
  return {
    account: { id: key.accountId, name: 'a', settings: { allowLegacy: [] }, createdAtMs: 0, revision: 1 },
    principal,
    key,
    prepared: { scheme: {}, bytes: new Uint8Array(32), legacy: [] },
    view: OPAQUE_VIEW,
    contentRules: false,
  };
}

const holderOf = (...permissions: readonly Permission[]): Principal =>
  principalWith([{ scope: { kind: 'account' }, permissions }]);

describe('what a key does', () => {
  it.each<[string, readonly KeyOperation[], string]>([
    ['ecdsa-p256', ['sign', 'verify'], 'allow'],
    ['ecdsa-p256', ['verify', 'derive', 'derive-child', 'export'], 'deny'],
    ['dh-secp256k1', ['derive'], 'allow'],
    ['dh-secp256k1', ['sign', 'verify', 'derive-child', 'export'], 'deny'],
  ])('is for %s keys that of the algorithm: with %j it is %s', (algorithm, operations, verdict) => {
    const context = contextOf(keyOf({ algorithm, operations }), holderOf());
    expect(keyUsable.judge(context).verdict).toBe(verdict);
  });

  it.each<[string, Permission, Permission]>([
    ['ecdsa-p256', 'sign', 'derive'],
    ['dh-secp256k1', 'derive', 'sign'],
  ])('takes the permission for it: %s keys take %s, not %s', (algorithm, needed, other) => {
    const key = keyOf({ algorithm });
    expect(permission.judge(contextOf(key, holderOf(needed)))).toEqual({ verdict: 'allow' });
    expect(permission.judge(contextOf(key, holderOf(other)))).toMatchObject({ verdict: 'deny', code: 'forbidden' });
  });
});

describe('a delegated key', () => {
  const everything: Grant = { scope: { kind: 'account' }, permissions: ['administer'] };

  it('signs for its person without a grant, and for nobody else with any', () => {
    const owner: Principal = { ...principalWith([]), id: newId() };
    const key = keyOf({ delegatedTo: owner.id });
    expect(evaluatePolicy(BUILT_IN_RULES, contextOf(key, owner))).toEqual({ verdict: 'allow' });
    for (const other of [principalWith([everything]), holderOf('sign', 'derive')])
      expect(evaluatePolicy(BUILT_IN_RULES, contextOf(key, other))).toMatchObject({ code: 'forbidden' });
  });

  it('is bound by the other rules all the same', () => {
    const owner: Principal = { ...principalWith([]), id: newId() };
    for (const change of [{ enabled: false }, { state: 'deactivated' }, { operations: ['verify'] }] as const)
      expect(
        evaluatePolicy(BUILT_IN_RULES, contextOf(keyOf({ delegatedTo: owner.id, ...change }), owner)),
      ).toMatchObject({ code: 'key_not_usable' });
  });
});
