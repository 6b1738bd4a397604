import { describe, expect, it } from 'vitest';
import { CountingMemory } from '../../test/counting-memory.ts';
import { GROUPS } from '../../test/ed25519/groups.ts';
import { generateNonce, type NonceContext, NonceGenerator } from './nonce-generation.ts';

const [group] = GROUPS;
const filled = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const CONTEXT: NonceContext = {
  secretShare: filled(1),
  publicShare: filled(2),
  publicKey: filled(3),
  message: Buffer.from('message'),
  extraInput: Buffer.from('room'),
};

/** A pair of nonces with randomness that doesn't change. */
function pairOf(context: NonceContext, randomness = filled(9, 64)): string {
  const memory = new CountingMemory();
  const generator = new NonceGenerator(group, memory);
  const out = new Uint8Array(64);
  generator.generate(out, Uint8Array.from(randomness), context);
  generator.free();
  expect(memory.allocated).toBe(0);
  return Buffer.from(out).toString('hex');
}

describe('nonces', () => {
  it('differ with everything that they are made for, even where the randomness repeats', () => {
    const contexts: NonceContext[] = [
      CONTEXT,
      { ...CONTEXT, secretShare: filled(4) },
      { ...CONTEXT, publicShare: filled(4) },
      { ...CONTEXT, publicKey: filled(4) },
      { ...CONTEXT, message: Buffer.from('another') },
      { ...CONTEXT, extraInput: Buffer.from('another') },
      // The border between the two isn't lost.
      { ...CONTEXT, message: Buffer.from('messager'), extraInput: Buffer.from('oom') },
    ];
    const halves = contexts.flatMap((context) => pairOf(context).match(/.{64}/g) ?? []);
    expect(halves).toHaveLength(14);
    expect(new Set(halves).size).toBe(14);
    expect(pairOf(CONTEXT)).toBe(pairOf({ ...CONTEXT }));
  });

  it('differ with the randomness, each with its own half', () => {
    const other = filled(9, 64);
    other[63] = 8;
    const [hiding, binding] = [pairOf(CONTEXT).slice(0, 64), pairOf(CONTEXT).slice(64)];
    expect(pairOf(CONTEXT, other).slice(0, 64)).toBe(hiding);
    expect(pairOf(CONTEXT, other).slice(64)).not.toBe(binding);
  });

  it('are scalars, and leave neither randomness nor hash behind', () => {
    const memory = new CountingMemory();
    const generator = new NonceGenerator(group, memory);
    const out = new Uint8Array(64);
    const randomness = filled(9, 64);
    generator.generate(out, randomness, CONTEXT);
    expect(group.isScalar(out.subarray(0, 32)) && group.isScalar(out.subarray(32))).toBe(true);
    expect(randomness.every((byte) => byte === 0)).toBe(true);
    generator.free();

    const wide = filled(7, 64);
    generateNonce(group, out.subarray(0, 32), wide, filled(1), filled(2));
    expect(wide.every((byte) => byte === 0)).toBe(true);
  });

  it('take as much randomness as they should, and no less', () => {
    const generator = new NonceGenerator(group, new CountingMemory());
    expect(() => generator.generate(new Uint8Array(64), filled(1, 63), CONTEXT)).toThrow(RangeError);
    expect(() => generator.generate(new Uint8Array(63), filled(1, 64), CONTEXT)).toThrow(RangeError);
    expect(() => generateNonce(group, new Uint8Array(32), filled(0, 64), filled(1, 31), filled(2))).toThrow(RangeError);
  });
});
