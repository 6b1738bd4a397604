import { OPAQUE_VIEW, type View } from '@countersign/chains/view';
import { describe, expect, it } from 'vitest';
import { keyOf, principalWith } from '../../test/recording-ports.ts';
import type { Permission } from '../principal.ts';
import { blindSign } from './blind-sign.ts';
import type { RuleContext } from './rule.ts';

function judge(permissions: readonly Permission[], view: View, contentRules: boolean, algorithm = 'ed25519') {
  const principal = principalWith([{ scope: { kind: 'account' }, permissions }]);
  const context = { principal, key: keyOf({ algorithm }), view, contentRules } as RuleContext;
  return blindSign.judge(context);
}

const DECODED = { kind: 'decoded' } as View;

describe('blind-sign', () => {
  it('lets everything pass in accounts without rules about content', () => {
    expect(judge(['sign'], OPAQUE_VIEW, false).verdict).toBe('allow');
  });

  it('asks for the permission where something opaque is signed beside such rules', () => {
    expect(judge(['sign'], OPAQUE_VIEW, true)).toMatchObject({ verdict: 'deny', code: 'forbidden' });
    expect(judge(['sign', 'blind-sign'], OPAQUE_VIEW, true).verdict).toBe('allow');
    expect(judge(['administer'], OPAQUE_VIEW, true).verdict).toBe('allow');
    expect(judge(['sign'], DECODED, true).verdict).toBe('allow');
  });

  it('says nothing about keys that derive and sign nothing', () => {
    expect(judge(['derive'], OPAQUE_VIEW, true, 'dh-secp256k1').verdict).toBe('allow');
  });
});
