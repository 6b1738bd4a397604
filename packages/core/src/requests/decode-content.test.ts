import { describe, expect, it } from 'vitest';
import { ed25519Key, payloadOf, secp256k1Key, textChain, worldSignature } from '../../test/request-world.ts';
import { prepareItem } from '../prepare-item.ts';
import { DecodedContent, decodeContent, decodePlain, type LoadChain } from './decode-content.ts';
import type { RequestContent } from './signature-request.ts';

const loadChain: LoadChain = async (name) => (name === 'text' ? textChain : undefined);

function texts(content: unknown, options: RequestContent['options'] = {}, chain = 'text'): RequestContent {
  return { kind: 'chain', payload: { chain, format: 'list', network: undefined, content: content as never }, options };
}

const GOOD = { texts: ['a', 'b'], to: 'friend' };

describe('decodeContent', () => {
  it('gives view, parts and bytes of a chain payload, with the options of the service', async () => {
    const key = secp256k1Key();
    const decoding = await decodeContent(texts(GOOD), key, loadChain);
    if (!decoding.ok) throw new Error(decoding.reason);
    const { content } = decoding;
    expect(content.view).toMatchObject({ kind: 'decoded', transfers: [{ to: 'friend' }] });
    expect(content.parts).toHaveLength(2);
    expect(content.parts[0]).toMatchObject({
      payload: { kind: 'digest', digest: 'sha-256' },
      options: { recoverable: true },
      prepared: { scheme: { recoverable: true } },
    });
  });

  it('signs the digest of a decoded payload with a key that signs no bare digests', async () => {
    const key = secp256k1Key({ allowSignDigest: false });
    expect(await decodeContent(texts(GOOD), key, loadChain)).toMatchObject({ ok: true });
    const bare = { kind: 'plain', payload: payloadOf(key, 'a'), options: {} } as const;
    expect(decodePlain(bare, key)).toMatchObject({ ok: false, code: 'key_not_usable' });
  });

  it('takes plain content as opaque bytes', () => {
    const key = ed25519Key();
    const decoding = decodePlain({ kind: 'plain', payload: payloadOf(key, 'a'), options: {} }, key);
    expect(decoding.ok && decoding.content.view).toEqual({ kind: 'opaque' });
  });

  it.each<[string, RequestContent, string]>([
    ['a chain that is not there', texts(GOOD, {}, 'none'), 'not_supported'],
    ['what the chain refuses', texts({ texts: ['bad'], to: '' }), 'invalid_request'],
    ['a payload without parts', texts({ texts: [], to: '' }), 'invalid_request'],
    ['a child key', texts(GOOD, { derivationPath: [1] }), 'invalid_request'],
    ['a tweak', texts(GOOD, { merkleRoot: new Uint8Array(32) }), 'invalid_request'],
    ['deep nesting', texts(nested(100_000)), 'invalid_request'],
  ])('refuses %s', async (_, content, code) => {
    expect(await decodeContent(content, ed25519Key(), loadChain)).toMatchObject({ ok: false, code });
  });

  it('applies what the key says about determinism, and refuses options that contradict it', async () => {
    const key = secp256k1Key({ deterministicSignatures: true });
    const content = { kind: 'plain', payload: payloadOf(key, 'a'), options: {} } as const;
    const decoding = decodePlain(content, key);
    expect(decoding.ok && decoding.content.parts[0]?.options.deterministic).toBe(true);
    expect(decodePlain({ ...content, options: { deterministic: false } }, key)).toMatchObject({ ok: false });
  });
});

describe('DecodedContent', () => {
  it('is signed by the key that it was decoded for, and by no other', async () => {
    const key = ed25519Key();
    const decoding = await decodeContent(texts(GOOD), key, loadChain);
    if (!decoding.ok) throw new Error(decoding.reason);
    const item = (part: number) => ({
      key: { by: 'id', id: key.id } as const,
      payload: { kind: 'content', content: decoding.content, part } as const,
      options: {},
    });
    expect(prepareItem(key, item(1))).toMatchObject({ ok: true, prepared: { bytes: Buffer.from('b') } });
    expect(prepareItem(key, item(2))).toMatchObject({ ok: false });
    for (const other of [ed25519Key(), { ...key, publicKey: new Uint8Array(32) }, { ...key, algorithm: 'bip340' }])
      expect(prepareItem(other, item(1))).toMatchObject({ ok: false, code: 'invalid_request' });
  });

  it('is made by decoding alone', () => {
    const key = ed25519Key();
    const view = { kind: 'opaque' } as const;
    const made = { key, view, parts: [], assemble: () => ({ encoded: [], signedData: undefined }) };
    expect(() => new DecodedContent(Symbol('decode'), made)).toThrow('alone');
    const forged = { view, parts: [{}], keyId: key.id } as unknown as DecodedContent;
    expect(() => DecodedContent.partFor(forged, key, 0)).toThrow('not decoded');
  });

  it('assembles exactly as many signatures as it has parts, each of the right form', async () => {
    const key = secp256k1Key();
    const decoding = await decodeContent(texts(GOOD), key, loadChain);
    if (!decoding.ok) throw new Error(decoding.reason);
    const signature = worldSignature(key, Uint8Array.of(1));
    expect(decoding.content.assemble([signature, signature])).toMatchObject({
      signatures: [{ recoveryId: 1, encoded: { length: 65 } }, { recoveryId: 1 }],
      details: { count: 2 },
    });
    expect(decoding.content.assemble([signature])).toBeUndefined();
    expect(decoding.content.assemble([signature, signature.slice(1)])).toBeUndefined();
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
