/**
 * What the demo signs: one entry per algorithm and way of using it, with the key that it needs, how an item of it
 * looks on the wire, and who verifies the signature. Nobody verifies what the same library made: ECDSA on NIST
 * curves, RSA, Ed448 and ML-DSA come from Node's OpenSSL, secp256k1 from libsecp256k1, Ed25519 from libsodium.
 */
import { hash, randomBytes } from 'node:crypto';
import {
  externalMu,
  type MlDsaParameterSet,
  type NobleEcdsaCurve,
  verifyBip340,
  verifyEcdsa,
  verifyEd448,
  verifyEd25519,
  verifyMlDsa,
} from './noble-verifiers.ts';
import type { OtherOpenssl } from './other-openssl.ts';

export type WireItem = Readonly<Record<string, unknown>>;

export interface SigningCase {
  /** The item without its `key`. */
  readonly item: WireItem;
  readonly verify: (signature: Buffer, openssl: OtherOpenssl) => boolean | Promise<boolean>;
}

export interface SigningKind {
  readonly label: string;
  readonly key: WireItem;
  readonly verifiedBy: 'noble' | 'openssl';
  /** Whether the same item signed twice must give the same signature. Undefined: PKCS #1 v1.5 and EdDSA always do. */
  readonly repeats: boolean;
  readonly makeCase: (publicKey: Buffer, message: Buffer, index: number) => SigningCase;
}

/** By the words of the API; those that Node can compute, without the ones that an account has to allow first. */
const DIGESTS: readonly (readonly [word: string, node: string])[] = [
  ['SHA256', 'sha256'],
  ['SHA384', 'sha384'],
  ['SHA512', 'sha512'],
  ['SHA224', 'sha224'],
  ['SHA3_224', 'sha3-224'],
  ['SHA3_256', 'sha3-256'],
  ['SHA3_384', 'sha3-384'],
  ['SHA3_512', 'sha3-512'],
];
const BLAKE2: typeof DIGESTS = [
  ['BLAKE2B512', 'blake2b512'],
  ['BLAKE2S256', 'blake2s256'],
];
/** The only hash that libsecp256k1 derives deterministic nonces with. */
const SHA256_ONLY: typeof DIGESTS = [['SHA256', 'sha256']];

const NOBLE_CURVES: readonly NobleEcdsaCurve[] = ['NistP256', 'NistP384', 'NistP521', 'SecP256K1'];
const OPENSSL_CURVES = ['NistP224', 'SecP224K1'] as const;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Digest on even items, the message itself on odd ones. */
function payload(message: Buffer, index: number, [word, node]: readonly [string, string]): WireItem {
  const halves = index % 4 < 2 ? { hash: base64(hash(node, message, 'buffer')) } : { data: base64(message) };
  return { hash_alg: word, ...halves };
}

/** Two neighbours share one, so that the same item can be asked for twice. */
function pick<T>(choices: readonly T[], index: number): T {
  const choice = choices[Math.floor(index / 4) % choices.length];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}

function ecdsa(curve: NobleEcdsaCurve | (typeof OPENSSL_CURVES)[number], deterministic: boolean): SigningKind {
  const noble = NOBLE_CURVES.find((name) => name === curve);
  const digests = deterministic && curve === 'SecP256K1' ? SHA256_ONLY : [...DIGESTS, ...(deterministic ? [] : BLAKE2)];
  return {
    label: `ECDSA ${curve}${deterministic ? ', RFC 6979' : ''}`,
    key: { obj_type: 'EC', elliptic_curve: curve },
    verifiedBy: noble === undefined ? 'openssl' : 'noble',
    repeats: deterministic,
    makeCase(publicKey, message, index) {
      const digest = pick(digests, index);
      const bytes = hash(digest[1], message, 'buffer');
      return {
        item: { ...payload(message, index, digest), ...(deterministic ? { deterministic_signature: true } : {}) },
        verify: (signature, openssl) =>
          noble === undefined
            ? openssl.verify({ publicKey, message, signature, digest: digest[1], padding: undefined })
            : verifyEcdsa(noble, publicKey, bytes, signature),
      };
    },
  };
}

function rsa(bits: number, padding: 'PKCS1' | 'PSS'): SigningKind {
  return {
    label: `RSA-${bits} ${padding === 'PKCS1' ? 'PKCS#1 v1.5' : 'PSS'}`,
    key: { obj_type: 'RSA', key_size: bits },
    verifiedBy: 'openssl',
    repeats: padding === 'PKCS1',
    makeCase(publicKey, message, index) {
      const digest = pick(DIGESTS, index);
      // MGF1 with another hash than the message's, which real clients send.
      const mgf1 = pick([SHA256_ONLY[0] ?? digest, digest, ['SHA1', 'sha1'] as const], index);
      const mode = padding === 'PKCS1' ? { PKCS1_V15: {} } : { PSS: { mgf: { mgf1: { hash: mgf1[0] } } } };
      return {
        item: { ...payload(message, index, digest), mode },
        verify: (signature, openssl) =>
          openssl.verify({
            publicKey,
            message,
            signature,
            digest: digest[1],
            padding: padding === 'PKCS1' ? { kind: 'pkcs1' } : { kind: 'pss', mgf1: mgf1[1] },
          }),
      };
    },
  };
}

function eddsa(curve: 'Ed25519' | 'Ed448'): SigningKind {
  const verify = curve === 'Ed25519' ? verifyEd25519 : verifyEd448;
  return {
    label: curve,
    key: { obj_type: 'EC', elliptic_curve: curve },
    verifiedBy: 'noble',
    repeats: true,
    makeCase: (publicKey, message) => ({
      item: { data: base64(message) },
      verify: (signature) => verify(publicKey, message, signature),
    }),
  };
}

function bip340(label: string, merkleRoot: Buffer | undefined, deterministic: boolean): SigningKind {
  return {
    label: `BIP340${label}`,
    key: { obj_type: 'BIP340' },
    verifiedBy: 'noble',
    repeats: deterministic,
    makeCase(publicKey, message, index) {
      const digest = hash('sha256', message, 'buffer');
      const isDigest = index % 4 < 2;
      const what = isDigest ? { hash: base64(digest), hash_alg: 'SHA256' } : { data: base64(message) };
      const mode = merkleRoot === undefined ? {} : { mode: { merkle_root: base64(merkleRoot) } };
      return {
        item: { ...what, ...mode, ...(deterministic ? { deterministic_signature: true } : {}) },
        verify: (signature) => verifyBip340(publicKey, isDigest ? digest : message, signature, merkleRoot),
      };
    },
  };
}

const NO_CONTEXT = Buffer.alloc(0);

function mlDsa(
  parameterSet: MlDsaParameterSet,
  variant: 'PURE' | 'PRE_HASH' | 'EXTERNAL_MU',
  deterministic: boolean,
): SigningKind {
  const context = deterministic && variant !== 'EXTERNAL_MU' ? Buffer.from('countersign demo') : NO_CONTEXT;
  return {
    label: `ML-DSA-${parameterSet.slice(5)} ${variant}, ${deterministic ? 'deterministic' : 'hedged'}`,
    key: { obj_type: 'MLDSA', mldsa: { param_set: parameterSet } },
    verifiedBy: 'noble',
    repeats: deterministic,
    makeCase(publicKey, message, index) {
      const what = {
        PURE: () => ({ data: base64(message) }),
        PRE_HASH: () => payload(message, index, ['SHA512', 'sha512']),
        // Verified as a signature of the message: that proves that mu was taken as it is.
        EXTERNAL_MU: () => ({ hash: base64(externalMu(parameterSet, publicKey, message)) }),
      }[variant]();
      return {
        item: {
          ...what,
          mode: { variant },
          deterministic_signature: deterministic,
          ...(context.length === 0 ? {} : { context: base64(context) }),
        },
        verify: (signature) =>
          verifyMlDsa(parameterSet, publicKey, message, signature, context, variant === 'PRE_HASH'),
      };
    },
  };
}

const ML_DSA_SETS: readonly MlDsaParameterSet[] = ['MlDsa44', 'MlDsa65', 'MlDsa87'];

export const SIGNING_KINDS: readonly SigningKind[] = [
  ...[...NOBLE_CURVES, ...OPENSSL_CURVES].flatMap((curve) => [ecdsa(curve, false), ecdsa(curve, true)]),
  ...[2048, 3072, 4096].flatMap((bits) => [rsa(bits, 'PKCS1'), rsa(bits, 'PSS')]),
  eddsa('Ed25519'),
  eddsa('Ed448'),
  bip340('', undefined, false),
  bip340(', deterministic', undefined, true),
  bip340(', taproot without scripts', Buffer.alloc(0), false),
  bip340(', taproot with a merkle root', randomBytes(32), false),
  ...ML_DSA_SETS.flatMap((set) => [
    mlDsa(set, 'PURE', false),
    mlDsa(set, 'PURE', true),
    mlDsa(set, 'PRE_HASH', false),
    mlDsa(set, 'PRE_HASH', true),
    mlDsa(set, 'EXTERNAL_MU', false),
    mlDsa(set, 'EXTERNAL_MU', true),
  ]),
];
