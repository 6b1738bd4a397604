import { describe, expect, it } from 'vitest';
import { bip340 } from './bip340.ts';

const message = (length: number) => ({ kind: 'message', bytes: new Uint8Array(length), digest: undefined }) as const;

describe('bip340', () => {
  it('signs messages of any length up to 64 KiB', () => {
    for (const length of [0, 1, 32, 65_536]) {
      const payload = message(length);
      const prepared = bip340.prepare(payload, {}, {});
      expect(prepared).toMatchObject({ ok: true, value: { scheme: { deterministic: false } } });
      expect(prepared.ok && prepared.value.bytes).toBe(payload.bytes);
    }
    expect(bip340.prepare(message(65_537), {}, {})).toMatchObject({ ok: false });
  });

  it('signs a digest as the message that it is, if it has the length that its name says', () => {
    const digest = (length: number, name?: 'sha-256' | 'sha-512') =>
      bip340.prepare({ kind: 'digest', bytes: new Uint8Array(length), digest: name }, {}, {});
    expect(digest(32)).toMatchObject({ ok: true });
    expect(digest(32, 'sha-256')).toMatchObject({ ok: true });
    expect(digest(64, 'sha-512')).toMatchObject({ ok: true });
    expect(digest(31)).toMatchObject({ ok: false });
    expect(digest(20)).toMatchObject({ ok: false });
    expect(digest(64, 'sha-256')).toMatchObject({ ok: false });
    expect(digest(0, 'sha-256')).toMatchObject({ ok: false });
  });

  it('refuses a message with a hash, since both readings of that are in use', () => {
    expect(bip340.prepare({ ...message(3), digest: 'sha-256' }, {}, {})).toMatchObject({
      ok: false,
      reason: expect.stringContaining('hash the message and give the digest'),
    });
  });

  it('takes a merkle root of 0 or 32 bytes into its scheme, and tells none from empty', () => {
    const scheme = (merkleRoot: Uint8Array) => bip340.prepare(message(32), { merkleRoot }, {});
    expect(scheme(new Uint8Array(0))).toMatchObject({ ok: true, value: { scheme: { merkleRoot: '' } } });
    expect(scheme(new Uint8Array(32).fill(0xab))).toMatchObject({
      ok: true,
      value: { scheme: { merkleRoot: 'ab'.repeat(32) } },
    });
    for (const length of [1, 31, 33, 64]) expect(scheme(new Uint8Array(length))).toMatchObject({ ok: false });
    const without = bip340.prepare(message(32), {}, {});
    expect(without.ok && 'merkleRoot' in without.value.scheme).toBe(false);
  });

  it('refuses every option that it has no use for', () => {
    for (const options of [
      { padding: 'pss' },
      { mgf1Digest: 'sha-256' },
      { variant: 'pure' },
      { context: new Uint8Array(0) },
    ] as const) {
      expect(bip340.prepare(message(32), options, {})).toMatchObject({ ok: false });
    }
  });

  it('has no SubjectPublicKeyInfo', () => {
    expect(bip340.encodeSpki(new Uint8Array(32), {})).toBeUndefined();
  });
});
