import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tweakKey } from '../bip445/tweaked-key.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { deriveTaprootTweak, deriveTweaks } from './derivation.ts';

const VECTORS = process.env['COUNTERSIGN_VECTORS'];
const group = await loadSecp256k1Group();
const { Point } = secp256k1;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const scalar = fc.bigInt({ min: 1n, max: Point.Fn.ORDER - 1n });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const index = fc.nat({ max: 0x7fff_ffff });

/**
 * Made by @scure/bip32 2.4.0 on Node 26.10, each row the same as by bip32 5.0.1 with tiny-secp256k1: the root is
 * `HDKey.fromMasterSeed(sha256(text))` for the texts `first seed`, `second seed` and `third seed`, its public half
 * alone, and the child `deriveChild(index)` for each index of the path.
 */
const MADE_BY_SCURE = [
  {
    publicKey: '039c1eb81ef32fcfc47d182f6f3c18a7d4a8651ccf3066952b4db55da5a0a9854d',
    chainCode: '3032a8443f3ae48932d69cdbbb7e1a344909c0799b917a0e5164eea27686b293',
    path: [0],
    childPublicKey: '03ccc5e526df0e25f6b0a13f6a749b4b587e95e7b94a441bd254f05e23755df83c',
    childChainCode: '6c418a047b7451a663cfc44a03e61f4cedc0f5b892191da5fe21ab6c32428b95',
  },
  {
    publicKey: '039c1eb81ef32fcfc47d182f6f3c18a7d4a8651ccf3066952b4db55da5a0a9854d',
    chainCode: '3032a8443f3ae48932d69cdbbb7e1a344909c0799b917a0e5164eea27686b293',
    path: [2147483647],
    childPublicKey: '038cb04cc3d14ca560c10ab2d1026a42040125370c56e4c206df022edcc2bb68fe',
    childChainCode: '0f19f5d75ed153966836010c90a98ccc467a0d4c8f52a87fbbed53d489a4affb',
  },
  {
    publicKey: '039c1eb81ef32fcfc47d182f6f3c18a7d4a8651ccf3066952b4db55da5a0a9854d',
    chainCode: '3032a8443f3ae48932d69cdbbb7e1a344909c0799b917a0e5164eea27686b293',
    path: [1, 2, 3],
    childPublicKey: '02be80686db6678c8c3e60c0688ea6fc60c343f3edb53488d1555e8d348f41f1d0',
    childChainCode: '4c0ee6cf06b62b0dfaa670b1033bc0554a881674a4b491ebf356a401169ea1a5',
  },
  {
    publicKey: '039813dd80dd3270ea978e2d27adce9b9e1d401d80a28469f53f83d8a5504f06b2',
    chainCode: '1465ed3e1acc9c92a7e5f4a74eb1fb95706ab67ee0b5bb7b94f95fc2cbe7ed16',
    path: [0, 0],
    childPublicKey: '03981ba4d60d8bc2531f5ca4bca1565c1ce81e9feab3bcdc29d3f6006d8a5740b3',
    childChainCode: '92320b10933ad7605eadfd68b3aef78a0f86c2e8ab2f2a6db8b666e4637b1ea7',
  },
  {
    publicKey: '039813dd80dd3270ea978e2d27adce9b9e1d401d80a28469f53f83d8a5504f06b2',
    chainCode: '1465ed3e1acc9c92a7e5f4a74eb1fb95706ab67ee0b5bb7b94f95fc2cbe7ed16',
    path: [44, 0, 0, 1, 99999],
    childPublicKey: '0326396c5746765132986b1c3dd5d0002c987f760b51532a628c5104c9a689f251',
    childChainCode: '482215e39866b2cdbc829b248cdce0e22761155e136001f9ad75a4fca76897b8',
  },
  {
    publicKey: '02ad7f111196ee1048d13a2ec23287eb1bc0af9e924e88493fc8424f97b7382b3f',
    chainCode: '1c0382480e66ff580decf80ada8e742cedbe247b7eb0b0f4deb2bd52fa350371',
    path: [2147483646, 1, 2147483647, 0, 7],
    childPublicKey: '025853e0024f3282237d03d4ed3b90f93068037f3a77fd56e26e82e80f09e14bba',
    childChainCode: '43c62a3e44cf8622d7f949ae78cbbd392ec32f0485558f3f744977425594f3a8',
  },
];

describe('BIP32 public derivation', () => {
  it('gives the keys and chain codes of another implementation', () => {
    for (const { publicKey, chainCode, path, childPublicKey, childChainCode } of MADE_BY_SCURE) {
      const child = deriveTweaks(group, bytes(publicKey), bytes(chainCode), path);
      expect([hex(child.publicKey), hex(child.chainCode)]).toEqual([childPublicKey, childChainCode]);
    }
  });

  it('gives tweaks that lead to the same key while signing', () => {
    fc.assert(
      fc.property(scalar, bytes32, fc.array(index, { maxLength: 4 }), (x, chainCode, path) => {
        const groupKey = Point.BASE.multiply(x).toBytes();
        const { tweaks, publicKey } = deriveTweaks(group, groupKey, chainCode, path);
        const sum = tweaks.reduce((total, { value }) => total + Point.Fn.fromBytes(value), x);
        const decoded = group.decode(groupKey);
        if (decoded === undefined) return false;
        expect(hex(publicKey)).toBe(hex(Point.BASE.multiply(Point.Fn.create(sum)).toBytes()));
        expect(hex(group.encode(tweakKey(group, decoded, tweaks).point))).toBe(hex(publicKey));
        return tweaks.length === path.length && tweaks.every(({ isXOnly }) => !isXOnly);
      }),
      { numRuns: 20 },
    );
  });

  it('goes on where it stopped', () => {
    fc.assert(
      fc.property(bytes32, fc.array(index, { maxLength: 3 }), fc.array(index, { maxLength: 3 }), (code, one, two) => {
        const key = group.encode(group.generator);
        const whole = deriveTweaks(group, key, code, [...one, ...two]);
        const half = deriveTweaks(group, key, code, one);
        const rest = deriveTweaks(group, half.publicKey, half.chainCode, two);
        expect(rest.publicKey).toEqual(whole.publicKey);
        expect(rest.chainCode).toEqual(whole.chainCode);
        expect([...half.tweaks, ...rest.tweaks]).toEqual(whole.tweaks);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves what it was given, and gives nothing that shares memory with it', () => {
    const chainCode = new Uint8Array(32).fill(7);
    const { chainCode: same } = deriveTweaks(group, group.encode(group.generator), chainCode, []);
    chainCode.fill(0);
    expect(hex(same)).toBe('07'.repeat(32));
  });

  it('refuses hardened indexes, what is no index, long paths, and what is no key or chain code', () => {
    const key = group.encode(group.generator);
    const code = new Uint8Array(32);
    for (const bad of [0x8000_0000, 0xffff_ffff, 2 ** 32, -1, 1.5, Number.NaN]) {
      expect(() => deriveTweaks(group, key, code, [0, bad])).toThrow(RangeError);
    }
    expect(deriveTweaks(group, key, code, new Array<number>(255).fill(0)).tweaks).toHaveLength(255);
    expect(() => deriveTweaks(group, key, code, new Array<number>(256).fill(0))).toThrow(RangeError);
    expect(() => deriveTweaks(group, key, new Uint8Array(31), [])).toThrow(RangeError);
    expect(() => deriveTweaks(group, key.subarray(1), code, [])).toThrow(RangeError);
    expect(() => deriveTweaks(group, new Uint8Array(33), code, [])).toThrow(RangeError);
  });
});

interface WalletVectors {
  readonly scriptPubKey: readonly {
    readonly given: { readonly internalPubkey: string };
    readonly intermediary: {
      readonly merkleRoot?: string | null;
      readonly tweak: string;
      readonly tweakedPubkey: string;
    };
  }[];
  readonly keyPathSpending: readonly {
    readonly inputSpending: readonly {
      readonly given: { readonly internalPrivkey: string; readonly merkleRoot: string | null };
      readonly intermediary: { readonly tweak: string; readonly tweakedPrivkey: string };
    }[];
  }[];
}

describe('the taproot tweak of BIP341', () => {
  it.skipIf(VECTORS === undefined)("agrees with the BIP's wallet vectors (needs COUNTERSIGN_VECTORS)", () => {
    const file = JSON.parse(
      readFileSync(join(VECTORS ?? '', 'bip341/wallet-test-vectors.json'), 'utf8'),
    ) as WalletVectors;
    for (const { given, intermediary } of file.scriptPubKey) {
      for (const tag of ['02', '03']) {
        const root = bytes(intermediary.merkleRoot ?? '');
        const { tweak, publicKey } = deriveTaprootTweak(group, bytes(tag + given.internalPubkey), root);
        expect([hex(tweak.value), hex(publicKey)]).toEqual([intermediary.tweak, intermediary.tweakedPubkey]);
        expect(tweak.isXOnly).toBe(true);
      }
    }
    let inputs = 0;
    for (const { given, intermediary } of file.keyPathSpending.flatMap(({ inputSpending }) => inputSpending)) {
      const internalKey = group.multiplyBase(bytes(given.internalPrivkey));
      const { tweak, publicKey } = deriveTaprootTweak(group, group.encode(internalKey), bytes(given.merkleRoot ?? ''));
      expect(hex(tweak.value)).toBe(intermediary.tweak);
      expect(hex(publicKey)).toBe(hex(group.xOnly(group.multiplyBase(bytes(intermediary.tweakedPrivkey)))));
      expect(hex(tweakKey(group, internalKey, [tweak]).xOnly)).toBe(hex(publicKey));
      inputs += 1;
    }
    expect(file.scriptPubKey).toHaveLength(7);
    expect(inputs).toBe(7);
  });

  it('commits to the internal key and the root, for keys of either parity', () => {
    fc.assert(
      fc.property(scalar, fc.option(bytes32, { nil: new Uint8Array(0) }), (x, root) => {
        const key = Point.BASE.multiply(x).toBytes();
        const internal = schnorr.utils.lift_x(BigInt(`0x${hex(key.subarray(1))}`));
        const value = schnorr.utils.taggedHash('TapTweak', key.subarray(1), root);
        const expected = internal.add(Point.BASE.multiply(Point.Fn.fromBytes(value)));
        const { tweak, publicKey } = deriveTaprootTweak(group, key, root);
        return hex(tweak.value) === hex(value) && hex(publicKey) === hex(schnorr.utils.pointToBytes(expected));
      }),
      { numRuns: 20 },
    );
  });

  it('refuses roots that are neither empty nor 32 bytes, and what is no key', () => {
    const key = group.encode(group.generator);
    for (const length of [1, 31, 33, 64]) {
      expect(() => deriveTaprootTweak(group, key, new Uint8Array(length))).toThrow(RangeError);
    }
    expect(() => deriveTaprootTweak(group, key.subarray(1), new Uint8Array(32))).toThrow(RangeError);
  });
});
