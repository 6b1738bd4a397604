import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { isProofOfPossession, type ProofContext, provePossession } from './proof-of-possession.ts';

const [group] = GROUPS;
const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);

describe('a proof of possession', () => {
  const secret = group.scalarOf(12345);
  const publicKey = group.multiplyBase(secret);
  const context: ProofContext = {
    sessionHash: filled(1),
    dealer: 2,
    purpose: 'polynomial',
    statement: [group.encode(publicKey), filled(3)],
  };
  const nonce = new Uint8Array(32);
  const scratch = new Uint8Array(32);
  group.randomScalar(nonce);
  const proof = provePossession(group, context, secret, nonce, scratch);

  it('holds for what it was made for, and leaves no secret behind', () => {
    expect(isProofOfPossession(group, context, publicKey, proof)).toBe(true);
    expect([...nonce, ...scratch].every((byte) => byte === 0)).toBe(true);
  });

  it('holds for no other session, dealer, purpose, statement or key', () => {
    const others: ProofContext[] = [
      { ...context, sessionHash: filled(9) },
      { ...context, dealer: 1 },
      { ...context, purpose: 'ephemeral key' },
      { ...context, statement: [group.encode(publicKey), filled(4)] },
      { ...context, statement: [group.encode(publicKey)] },
    ];
    for (const other of others) expect(isProofOfPossession(group, other, publicKey, proof)).toBe(false);
    expect(isProofOfPossession(group, context, group.generator, proof)).toBe(false);
  });

  it('holds with no other nonce or response', () => {
    const other = group.encode(group.multiplyBasePublic(group.scalarOf(5)));
    expect(isProofOfPossession(group, context, publicKey, { ...proof, nonceCommitment: other })).toBe(false);
    expect(isProofOfPossession(group, context, publicKey, { ...proof, nonceCommitment: filled(1) })).toBe(false);
    expect(isProofOfPossession(group, context, publicKey, { ...proof, response: group.scalarOf(5) })).toBe(false);
    expect(isProofOfPossession(group, context, publicKey, { ...proof, response: filled(0xff) })).toBe(false);
  });
});
