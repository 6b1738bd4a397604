/** ECDSA on Starknet's curve against the arithmetic of `test/stark-arithmetic.ts`, which shares nothing with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STARK_ORDER, starkNoncePoint, starkPublicKey, starkRecoveryId } from '../../test/stark-arithmetic.ts';
import type { Payload, SigningOptions } from '../algorithm.ts';
import { readEcdsaSignature } from '../ecdsa-signature.ts';
import { loadEngine } from '../engines/scure/ecdsa-stark.ts';
import { ecdsaStark } from './ecdsa-stark.ts';

const engine = await loadEngine();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const digests = fc.bigInt({ min: 0n, max: 2n ** 251n - 1n }).map(bytesOf);
const edges = fc.constantFrom(0n, 1n, 15n, 16n, 2n ** 248n - 1n, 2n ** 248n, 2n ** 251n - 1n).map(bytesOf);
const privateKeys = fc.bigInt({ min: 1n, max: STARK_ORDER - 1n }).map(bytesOf);

describe('signatures on the Stark curve', () => {
  it('solve the verification equation, in both forms, for digests of every length', () => {
    fc.assert(
      fc.property(privateKeys, fc.oneof(digests, edges), (privateKey, digest) => {
        const key = engine.loadPrivate(privateKey, {});
        const out = new Uint8Array(70);
        const der = out.slice(0, key.signer({})(digest, out));
        const form = out.slice(0, key.signer({ recoverable: true })(digest, out));
        key.destroy();
        const rs = readEcdsaSignature(der, 32) ?? new Uint8Array(64);
        expect(hex(key.publicKey)).toBe(hex(starkPublicKey(privateKey)));
        expect(starkNoncePoint(key.publicKey, digest, rs)).toBeDefined();
        return hex(form) === hex(rs) + hex(Uint8Array.of(starkRecoveryId(key.publicKey, digest, rs)));
      }),
      { numRuns: 15 },
    );
  });

  it('are refused for payloads that are no digest below 2^251, whoever compiled the scheme', () => {
    const { privateKey, publicKey } = engine.generate({});
    const sign = engine.loadPrivate(privateKey, {}).signer({});
    const verify = engine.loadPublic(publicKey, {}).verifier({});
    const out = new Uint8Array(70);
    const good = out.slice(0, sign(new Uint8Array(32), out));
    for (const payload of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33), bytesOf(2n ** 251n)]) {
      expect(() => sign(payload, out)).toThrow(expect.objectContaining({ code: 'invalid_payload' }));
      expect(verify(payload, good)).toBe(false);
    }
    expect(() => sign(new Uint8Array(32), new Uint8Array(69))).toThrow(/room/);
  });

  it('refuse private keys out of range, and public keys that are no uncompressed points', () => {
    const refused = expect.objectContaining({ code: 'invalid_key' });
    for (const scalar of [0n, STARK_ORDER, STARK_ORDER + 1n, 2n ** 256n - 1n]) {
      expect(() => engine.loadPrivate(bytesOf(scalar), {})).toThrow(refused);
      expect(() => engine.importPrivate(bytesOf(scalar))).toThrow(refused);
    }
    const { publicKey } = engine.generate({});
    const isOdd = ((publicKey[64] ?? 0) & 1) === 1;
    const compressed = Uint8Array.of(isOdd ? 3 : 2, ...publicKey.subarray(1, 33));
    const hybrid = Uint8Array.of(isOdd ? 7 : 6, ...publicKey.subarray(1));
    const off = Uint8Array.of(...publicKey.subarray(0, 64), (publicKey[64] ?? 0) ^ 1);
    for (const wrong of [compressed, hybrid, off, Uint8Array.of(4, ...new Uint8Array(64))]) {
      expect(() => engine.loadPublic(wrong, {})).toThrow(refused);
    }
  });

  it('refuse a scheme whose recoverable is no boolean', () => {
    const key = engine.loadPrivate(bytesOf(5n), {});
    expect(() => key.signer({ recoverable: 1 })).toThrow(expect.objectContaining({ code: 'invalid_scheme' }));
  });

  it('come from an engine that says what it is not', () => {
    expect(engine.description).toMatch(/^@scure\/starknet \d+\.\d+\.\d+: JavaScript, not constant-time$/);
  });
});

describe('preparing a payload for the Stark curve', () => {
  const prepare = (payload: Payload, options: SigningOptions = {}) => ecdsaStark.prepare(payload, options, {});
  const digest = { kind: 'digest', bytes: bytesOf(7n), digest: undefined } as const;

  it('takes a digest under 2^251, named by habit or not, deterministic or not: it is one scheme', () => {
    for (const name of [undefined, 'sha-256', 'sha3-256'] as const) {
      for (const options of [{}, { deterministic: true }, { deterministic: false }]) {
        expect(prepare({ ...digest, digest: name }, options)).toMatchObject({ ok: true, value: { scheme: {} } });
      }
    }
    expect(prepare(digest, { recoverable: true })).toMatchObject({
      ok: true,
      value: { scheme: { recoverable: true } },
    });
    expect(prepare({ ...digest, bytes: bytesOf(2n ** 251n - 1n) })).toMatchObject({ ok: true });
  });

  it('refuses everything else, and says why', () => {
    expect(prepare({ ...digest, kind: 'message' })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/digest only/),
    });
    expect(prepare({ ...digest, bytes: bytesOf(2n ** 251n) })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/below 2\^251/),
    });
    expect(prepare({ ...digest, bytes: new Uint8Array(31) })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/32 bytes/),
    });
    expect(prepare({ ...digest, digest: 'sha-512' })).toMatchObject({ ok: false });
    expect(prepare(digest, { domain: Uint8Array.of(1) })).toMatchObject({ ok: false });
    expect(prepare(digest, { derivationPath: [1] })).toMatchObject({ ok: false });
  });
});
