/**
 * What an algorithm is to the rest of the program: metadata and pure functions. Nothing in this file, nor in a
 * family file, may import an engine statically, so that the HTTP process can read all metadata without loading
 * native code; engines are reached through `EngineBinding.load` alone, inside the sealed processes.
 */
import type { DigestName } from './digests.ts';
import type { Engine } from './engine.ts';
import type { LegacyUse } from './legacy-use.ts';

/** Parameters that belong to one key, such as `{ modulusBits: 3072, publicExponent: 65537 }`; flat and small. */
export type KeyParameters = Readonly<Record<string, number | string>>;

/** What a caller asks to have signed or verified. `digest` names the hash that made (or is to make) a digest. */
export type Payload =
  | { readonly kind: 'digest'; readonly bytes: Uint8Array; readonly digest: DigestName | undefined }
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly digest: DigestName | undefined };

/** Options in the field's words. An algorithm refuses those that it has no use for; it never ignores one. */
export interface SigningOptions {
  /** RSA only. */
  readonly padding?: 'pkcs1-v1.5' | 'pss';
  /** RSA-PSS only: the hash of MGF1. Defaults to the payload's digest. */
  readonly mgf1Digest?: DigestName;
  /** ML-DSA only. */
  readonly variant?: 'pure' | 'pre-hash' | 'external-mu';
  /** ML-DSA only: 0 to 255 bytes (FIPS 204, section 5.2). */
  readonly context?: Uint8Array;
  /** BIP340 only: sign under the BIP341 output key; empty for "no script path", otherwise 32 bytes. */
  readonly merkleRoot?: Uint8Array;
  /** Ed25519 and BIP340: sign with the child key at this path; non-hardened indices, at most 16. */
  readonly derivationPath?: readonly number[];
  /**
   * true: the deterministic variant (RFC 6979, FIPS 204 deterministic, BIP340 with a zero aux_rand).
   * false or absent: the randomised or hedged one, where the algorithm has a choice.
   */
  readonly deterministic?: boolean;
  /**
   * ECDSA on secp256k1 and stark: the signature is `r || s || recovery id` (r, s as long as the group order; one byte,
   * 0 to 3; on secp256k1 for the low-S form, on stark for s as it is) instead of DER.
   */
  readonly recoverable?: boolean;
  /** Diffie-Hellman only: the domain separation tag of RFC 9380, 1 to 255 bytes. */
  readonly domain?: Uint8Array;
}

/**
 * How the bytes are to be signed, as plain JSON: made by `Algorithm.prepare` in the HTTP process, sent once per
 * message to a sealed process, and there parsed again by the engine, which trusts nothing about it.
 */
export type Scheme = Readonly<Record<string, string | number | boolean>>;

/** The outcome of step 2 of a signature for a plain payload: which bytes reach the engine, and how. */
export interface PreparedPayload {
  readonly scheme: Scheme;
  /** The digest, or the message for algorithms that hash for themselves. Not a copy where none is needed. */
  readonly bytes: Uint8Array;
  /** Uses of weak primitives that an account has to allow by name before a *signature* is made. */
  readonly legacy: readonly LegacyUse[];
}

export type Prepared =
  | { readonly ok: true; readonly value: PreparedPayload }
  | { readonly ok: false; readonly reason: string };

/** One way to run an algorithm. Named in the order of preference; the first that loads is used. */
export interface EngineBinding {
  /** `openssl`, `libsecp256k1`, `secp256k1-npm`, `sodium`, `node-crypto` or `scure`. */
  readonly name: string;
  /** Loads native code. Rejects with `EngineUnavailable` where the library isn't present. */
  readonly load: () => Promise<Engine>;
}

export interface Algorithm {
  /** The registry's name: `ecdsa-p256`, `rsa`, `ed25519`, `bip340`, `ml-dsa-65`. */
  readonly name: string;
  /** What its keys do: make signatures, or evaluate a keyed function whose output takes a signature's place. */
  readonly operation: 'sign' | 'derive';
  /** Whether non-hardened children can be derived (`child-derivation.ts`). */
  readonly derivesChildren: boolean;
  /** Checks parameters of a new key and fills in defaults. */
  readonly parseParameters: (
    parameters: KeyParameters,
  ) => { readonly ok: true; readonly value: KeyParameters } | { readonly ok: false; readonly reason: string };
  /** Validates payload and options, hashes a message where the algorithm signs digests. Never throws. */
  readonly prepare: (payload: Payload, options: SigningOptions, parameters: KeyParameters) => Prepared;
  /** Weakness of the key itself (RSA below 2048 bits, 192-bit curves). */
  readonly legacyKeyUse: (parameters: KeyParameters) => readonly LegacyUse[];
  /** Nominal size of the key in bits, for display: modulus, field, or encoded size. */
  readonly keySizeBits: (parameters: KeyParameters) => number;
  /**
   * SubjectPublicKeyInfo of a raw public key, or undefined where the algorithm has none (BIP340, ECDSA on stark).
   * The raw form is: uncompressed SEC1 point, PKCS#1 RSAPublicKey, RFC 8032 point, x-only point, FIPS 204 pk.
   */
  readonly encodeSpki: (publicKey: Uint8Array, parameters: KeyParameters) => Uint8Array | undefined;
  /** Longest signature in bytes, in any of its forms. */
  readonly maxSignatureBytes: (parameters: KeyParameters) => number;
  readonly engines: readonly [EngineBinding, ...EngineBinding[]];
}
