/**
 * What an engine gives for one algorithm. Runs only in the sealed processes (signer, generator, verifier).
 * All keys and signatures are in the raw forms that `Algorithm` documents; ECDSA signatures are strict DER, or the
 * recoverable form where the scheme says so.
 */
import type { KeyParameters, Scheme } from './algorithm.ts';

/** A fresh or imported key. `privateKey` lies in locked memory (see `secret-memory.ts`); the caller wipes it. */
export interface KeyMaterial {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly parameters: KeyParameters;
}

/** Signs one payload into `out` and returns the number of bytes written. Must not retain either buffer. */
export type SignFunction = (payload: Uint8Array, out: Uint8Array) => number;
export type VerifyFunction = (payload: Uint8Array, signature: Uint8Array) => boolean;

export interface SigningKey {
  /** The public half, derived from the private one and from nothing else. */
  readonly publicKey: Uint8Array;
  /** Compiles a scheme; done once per message and scheme. @throws EngineFailure `invalid_scheme` */
  readonly signer: (scheme: Scheme) => SignFunction;
  /** Wipes and frees; using the key afterwards throws. */
  readonly destroy: () => void;
}

export interface VerifyingKey {
  /** @throws EngineFailure `invalid_scheme` */
  readonly verifier: (scheme: Scheme) => VerifyFunction;
  readonly destroy: () => void;
}

export interface Engine {
  /** For people: library, version, path. */
  readonly description: string;
  readonly generate: (parameters: KeyParameters) => KeyMaterial;
  /**
   * Takes a private key in the encodings of its field (RSA: PKCS#1 or PKCS#8; EC: SEC1 or PKCS#8; Ed25519, Ed448,
   * ML-DSA: PKCS#8; BIP340, ECDSA on stark: 32 bytes) and checks it: sizes, exponent, range, matching public half.
   * @throws EngineFailure `invalid_key`
   */
  readonly importPrivate: (encoded: Uint8Array) => KeyMaterial;
  /**
   * A non-hardened child of a private key as `generate` returned it; path of 1 to 16 indices. Absent where the algorithm
   * has no children. BIP32 for secp256k1, the same with additions for Ed25519, whose children have the parameters
   * `{ form: 'expanded' }`; the chain code is made from the private key (`child-derivation.ts`).
   * @throws EngineFailure `invalid_key`, `invalid_scheme` for a path that leads nowhere, `unsupported` where this engine can't
   */
  readonly deriveChild?: (privateKey: Uint8Array, parameters: KeyParameters, path: readonly number[]) => KeyMaterial;
  /** `privateKey` is copied into the engine's own locked memory; the caller wipes its own. */
  readonly loadPrivate: (privateKey: Uint8Array, parameters: KeyParameters) => SigningKey;
  /**
   * Where the algorithm only derives, compiling a scheme then throws EngineFailure `unsupported`.
   * @throws EngineFailure `invalid_key` for a point off the curve, a wrong length, and so on.
   */
  readonly loadPublic: (publicKey: Uint8Array, parameters: KeyParameters) => VerifyingKey;
}

/** The library isn't on this machine, or is too old. Its message says what to install. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
}

export type EngineFailureCode = 'invalid_key' | 'invalid_scheme' | 'invalid_payload' | 'unsupported' | 'engine_error';

/** A refusal or a fault of an engine. Its message never carries key material. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly code: EngineFailureCode;
  constructor(code: EngineFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
