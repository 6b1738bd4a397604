import { describe, expect, it } from 'vitest';
import { ed25519 } from './ed25519.ts';

const message = { kind: 'message', bytes: Uint8Array.of(1, 2, 3), digest: undefined } as const;

describe('ed25519', () => {
  it('signs messages, and takes no copy of them', () => {
    const prepared = ed25519.prepare(message, {}, {});
    expect(prepared).toEqual({ ok: true, value: { scheme: {}, bytes: message.bytes, legacy: [] } });
    expect(prepared.ok && prepared.value.bytes).toBe(message.bytes);
  });

  it('refuses digests, in words that say why', () => {
    const digest = { kind: 'digest', bytes: new Uint8Array(32), digest: 'sha-256' } as const;
    expect(ed25519.prepare(digest, {}, {})).toEqual({
      ok: false,
      reason: 'Ed25519 signs messages, not digests',
    });
  });

  it('takes no notice of a hash that is named with a message, not even of a weak one', () => {
    expect(ed25519.prepare({ ...message, digest: 'sha-1' }, {}, {})).toEqual(ed25519.prepare(message, {}, {}));
  });

  it('accepts both answers to the question whether to be deterministic, since it always is', () => {
    for (const deterministic of [true, false]) {
      expect(ed25519.prepare(message, { deterministic }, {})).toMatchObject({ ok: true, value: { scheme: {} } });
    }
  });

  it('refuses every option that it has no use for', () => {
    for (const options of [
      { padding: 'pss' },
      { mgf1Digest: 'sha-256' },
      { variant: 'pure' },
      { context: new Uint8Array(0) },
      { merkleRoot: new Uint8Array(0) },
    ] as const) {
      expect(ed25519.prepare(message, options, {})).toMatchObject({ ok: false });
    }
  });
});
