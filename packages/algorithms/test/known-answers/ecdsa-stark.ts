import { writeEcdsaSignature } from '../../src/ecdsa-signature.ts';
import { STARK_ORDER, starkInverse, starkPublicKey, starkRecoveryId } from '../stark-arithmetic.ts';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, type MadeAnswer } from './known-answer.ts';

/**
 * Answers that StarkWare's JavaScript prints for its own implementation (elliptic with the curve's parameters): r, and w,
 * the inverse of s. The public key, s and the recovery id, which it doesn't print, are made of them by
 * `../stark-arithmetic.ts`.
 */
const MAKER: MadeAnswer = {
  tool: 'starkware-crypto (github.com/rhinofi/starkware-crypto), signature_test.js',
  version: '7add67f358c54f12f747831c918101363b38d469',
  command: 'node signature_test.js',
};

const PRIVATE_KEY = '02dccce1da22003777062ee0870e9881b460a8b7eca276870f57c601f182136c';

const PRINTED = [
  {
    name: 'a digest of 61 hexadecimal digits',
    digest: 'c465dd6b1bbffdb05442eb17f5ca38ad1aa78a6f56bf4415bdee219114a47',
    r: '5f496f6f210b5810b2711c74c15c05244dad43d18ecbbdbe6ed55584bc3b0a2',
    w: '777aa1a010e06e0eae0162c8121778d863f393a64f33fbc806c33140144af8b',
  },
  {
    name: 'a digest of 62 hexadecimal digits',
    digest: 'c465dd6b1bbffdb05442eb17f5ca38ad1aa78a6f56bf4415bdee219114a47a',
    r: '233b88c4578f0807b4a7480c8076eca5cfefa29980dd8e2af3c46a253490e9c',
    w: '522ced67a42c09b6bfd74cfc16c11c49d63d79c7e81ae84ee89ff870218c919',
  },
  {
    name: 'a digest of 63 hexadecimal digits',
    digest: '7465dd6b1bbffdb05442eb17f5ca38ad1aa78a6f56bf4415bdee219114a47a1',
    r: 'b6bee8010f96a723f6de06b5fa06e820418712439c93850dd4e9bde43ddf',
    w: '1a42d3f507da55c0347818fced04f33e4b78ee6c5b81c777215471b7104ef01',
  },
] as const;

export function ecdsaStarkKnownAnswers(): KnownAnswers {
  return { cases: [...PRINTED.flatMap(bothForms), ...variants()] };
}

function bothForms(printed: (typeof PRINTED)[number]): KnownAnswer[] {
  const rs = numbersOf(printed);
  const base = {
    source: MAKER,
    privateKeyHex: PRIVATE_KEY,
    publicKeyHex: PUBLIC_KEY,
    payload: { kind: 'digest', hex: hex32(printed.digest) },
    expect: 'sign',
  } as const;
  return [
    { ...base, name: printed.name, options: {}, signatureHex: derHex(rs) },
    {
      ...base,
      name: `${printed.name}, recoverable`,
      options: { recoverable: true },
      signatureHex: rs + recoveryIdOf(printed, rs).toString(16).padStart(2, '0'),
    },
  ];
}

/** What a verifier must accept or refuse beside the signature that a signer makes. */
function variants(): KnownAnswer[] {
  const [printed] = PRINTED;
  const rs = numbersOf(printed);
  const [r, s] = [rs.slice(0, 64), rs.slice(64)];
  const recoveryId = recoveryIdOf(printed, rs);
  const base = {
    publicKeyHex: PUBLIC_KEY,
    payload: { kind: 'digest', hex: hex32(printed.digest) },
    options: {},
    expect: 'reject',
  } as const;
  const recoverable = { ...base, options: { recoverable: true } };
  const range = { source: { standard: 'SEC 1, version 2', section: '4.1.4, step 1' } };
  const starkware = { source: { standard: 'StarkWare, STARK curve', section: 'signature: a digest is below 2^251' } };
  const negatedS = hex32((STARK_ORDER - BigInt(`0x${s}`)).toString(16));
  const order = hex32(STARK_ORDER.toString(16));
  return [
    { ...base, ...range, name: 'r = 0', signatureHex: derHex(hex32('0') + s) },
    { ...base, ...range, name: 's = 0', signatureHex: derHex(r + hex32('0')) },
    { ...base, ...range, name: 'r = n', signatureHex: derHex(order + s) },
    { ...base, ...range, name: 's = n', signatureHex: derHex(r + order) },
    { ...base, ...range, name: 'no DER but r || s', signatureHex: rs },
    {
      ...base,
      source: { standard: 'SEC 1, version 2', section: '4.1.4: n - s is as good as s' },
      name: 'n - s instead of s',
      signatureHex: derHex(r + negatedS),
      expect: 'verify',
    },
    {
      ...base,
      ...starkware,
      name: 'a digest of 2^251',
      payload: { kind: 'digest', hex: `08${'00'.repeat(31)}` },
      signatureHex: derHex(rs),
    },
    {
      ...base,
      ...starkware,
      name: 'a digest of 31 bytes',
      payload: { kind: 'digest', hex: '00'.repeat(31) },
      signatureHex: derHex(rs),
    },
    {
      ...base,
      source: { standard: 'SEC 1, version 2', section: '2.3.4: y must solve the equation' },
      name: 'a public key off the curve',
      publicKeyHex: PUBLIC_KEY.slice(0, -1) + (PUBLIC_KEY.endsWith('0') ? '1' : '0'),
      signatureHex: derHex(rs),
    },
    ...[0, 1, 2, 3, 4, 27]
      .filter((id) => id !== recoveryId)
      .map((id) => ({
        ...recoverable,
        source: { standard: 'SEC 1, version 2', section: '4.1.6' },
        name: `recovery id ${id} instead of ${recoveryId}`,
        signatureHex: rs + id.toString(16).padStart(2, '0'),
      })),
  ];
}

const PUBLIC_KEY = Buffer.from(starkPublicKey(bytesFromHex(PRIVATE_KEY))).toString('hex');

/** r || s */
function numbersOf(printed: (typeof PRINTED)[number]): string {
  return hex32(printed.r) + hex32(starkInverse(BigInt(`0x${printed.w}`)).toString(16));
}

function recoveryIdOf(printed: (typeof PRINTED)[number], rs: string): number {
  return starkRecoveryId(bytesFromHex(PUBLIC_KEY), bytesFromHex(hex32(printed.digest)), bytesFromHex(rs));
}

function derHex(rs: string): string {
  const out = new Uint8Array(80);
  return Buffer.from(out.subarray(0, writeEcdsaSignature(bytesFromHex(rs), out))).toString('hex');
}

function hex32(digits: string): string {
  return digits.padStart(64, '0');
}
