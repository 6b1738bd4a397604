import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519Key, textChain } from '../../test/request-world.ts';
import { newId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import { canonicalBytes } from './canonical-bytes.ts';
import { decodeContent } from './decode-content.ts';
import { type DigestedRequest, requestDigest } from './request-digest.ts';
import type { RequestContent } from './signature-request.ts';

type Undecoded = Omit<DigestedRequest, 'decoded' | 'key'> & { readonly key: KeyRecord };

const key = ed25519Key();
const bip340 = ed25519Key({ algorithm: 'bip340' });
const secp256k1 = ed25519Key({ algorithm: 'ecdsa-secp256k1', publicKey: new Uint8Array(65) });

function plain(bytes: Uint8Array, options: RequestContent['options'] = {}): RequestContent {
  return { kind: 'plain', payload: { kind: 'message', bytes, digest: undefined }, options };
}

function chained(
  content: { readonly texts: readonly string[]; readonly to: string },
  format = 'list',
  network?: string,
) {
  return { kind: 'chain', payload: { chain: 'text', format, network, content }, options: {} } as const;
}

const BASE: Undecoded = {
  accountId: newId(),
  key,
  requesterId: newId(),
  walletId: undefined,
  externalId: undefined,
  dialect: 'native',
  content: plain(Buffer.from('a')),
};

async function digestOf(request: Undecoded): Promise<string> {
  const decoding = await decodeContent(request.content, request.key, async () => textChain);
  if (!decoding.ok) throw new Error(decoding.reason);
  return Buffer.from(requestDigest({ ...request, decoded: decoding.content })).toString('hex');
}

const digest32 = { kind: 'digest', bytes: new Uint8Array(32), digest: 'sha-256' } as const;

/** Every member, with values that are nearly the same. */
const VARIANTS: { readonly [Member in keyof Undecoded]: readonly Undecoded[Member][] } = {
  accountId: [BASE.accountId, newId()],
  key: [
    key,
    { ...key, id: newId() },
    { ...key, publicKey: new Uint8Array(32) },
    { ...key, algorithm: 'ed448' },
    bip340,
  ],
  requesterId: [BASE.requesterId, newId()],
  walletId: [undefined, newId(), newId()],
  externalId: [undefined, 'a', 'b', 'null', ''],
  dialect: ['native', 'dsm', ''],
  content: [
    plain(Buffer.from('a')),
    plain(Buffer.from('b')),
    plain(Buffer.from('')),
    chained({ texts: ['a'], to: 'x' }),
    chained({ texts: ['a'], to: 'y' }),
    chained({ texts: ['a', 'b'], to: 'x' }),
    chained({ texts: ['ab'], to: 'x' }),
    chained({ texts: ['a'], to: 'x' }, 'other'),
    chained({ texts: ['a'], to: 'x' }, 'list', 'net'),
  ],
};

describe('requestDigest', () => {
  it('has 32 bytes, and is the same for the same request', async () => {
    expect(await digestOf(BASE)).toBe(await digestOf({ ...BASE }));
    expect(await digestOf(BASE)).toHaveLength(64);
  });

  it('changes with every member, whatever the others are', async () => {
    const requests = fc.record<Undecoded>({
      accountId: fc.constantFrom(...VARIANTS.accountId),
      key: fc.constantFrom(...VARIANTS.key),
      requesterId: fc.constantFrom(...VARIANTS.requesterId),
      walletId: fc.constantFrom(...VARIANTS.walletId),
      externalId: fc.constantFrom(...VARIANTS.externalId),
      dialect: fc.constantFrom(...VARIANTS.dialect),
      content: fc.constantFrom(...VARIANTS.content),
    });
    const members = fc.constantFrom(...(Object.keys(VARIANTS) as (keyof Undecoded)[]));
    await fc.assert(
      fc.asyncProperty(requests, members, fc.nat(), async (request, member, choice) => {
        const variants: readonly unknown[] = VARIANTS[member];
        const other = variants[choice % variants.length];
        const changed = { ...request, [member]: other };
        expect((await digestOf(changed)) === (await digestOf(request))).toBe(other === request[member]);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[KeyRecord, RequestContent['options'][]]>([
    [
      bip340,
      [
        {},
        { deterministic: true },
        { merkleRoot: new Uint8Array(0) },
        { merkleRoot: new Uint8Array(32) },
        { derivationPath: [0] },
        { derivationPath: [0, 0] },
      ],
    ],
    [secp256k1, [{}, { deterministic: true }]],
  ])('changes with every option', async (signer, options) => {
    const payload =
      signer === secp256k1 ? digest32 : ({ kind: 'message', bytes: new Uint8Array(32), digest: undefined } as const);
    const digests = await Promise.all(
      options.map((each) => digestOf({ ...BASE, key: signer, content: { kind: 'plain', payload, options: each } })),
    );
    expect(new Set(digests).size).toBe(options.length);
  });

  it('covers options that only the key sets', async () => {
    const content = { kind: 'plain', payload: digest32, options: {} } as const;
    const free = await digestOf({ ...BASE, key: secp256k1, content });
    const fixed = await digestOf({ ...BASE, key: { ...secp256k1, deterministicSignatures: true }, content });
    expect(fixed).not.toBe(free);
  });

  it('tells a digest from a message of the same bytes', async () => {
    const { bytes } = digest32;
    const message = { ...BASE, key: bip340, content: plain(bytes) };
    const digest: RequestContent = {
      kind: 'plain',
      payload: { kind: 'digest', bytes, digest: undefined },
      options: {},
    };
    expect(await digestOf({ ...message, content: digest })).not.toBe(await digestOf(message));
  });

  it('is the SHA-256 of the canonical bytes of what it names', async () => {
    const expected = hash(
      'sha256',
      canonicalBytes([
        'countersign/signature-request/v1',
        BASE.accountId,
        key.id,
        'ed25519',
        {},
        key.publicKey,
        BASE.requesterId,
        null,
        null,
        'native',
        'plain',
        { kind: 'message', bytes: Buffer.from('a') },
        {},
        [{ payload: { kind: 'message', bytes: Buffer.from('a') }, options: {}, scheme: {}, bytes: Buffer.from('a') }],
      ]),
    );
    expect(await digestOf(BASE)).toBe(expected);
  });
});
