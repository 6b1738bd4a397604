/**
 * The shape of a known answer: a key, a payload and the signature that every engine must make of it, or must
 * accept, or must refuse. One file per algorithm family beside this one, one line per algorithm in
 * `known-answers.ts`; the generic suite (`src/registry.test.ts`) runs each case on every engine that loads here.
 *
 * A case comes from a standard or from a second implementation, and says which. Never from memory, and never from
 * the engine that it is to test.
 */
import type { KeyParameters, Payload, SigningOptions } from '../../src/algorithm.ts';

/** Printed in a standard, typed in here: `{ standard: 'RFC 8032', section: '7.1, TEST 1' }`. */
export interface PrintedAnswer {
  readonly standard: string;
  readonly section: string;
}

/** Made once by an independent implementation that is deterministic; `command` makes it again. */
export interface MadeAnswer {
  readonly tool: string;
  readonly version: string;
  readonly command: string;
}

export interface KnownAnswer {
  /** Unique within the algorithm; it becomes the title of the test. */
  readonly name: string;
  readonly source: PrintedAnswer | MadeAnswer;
  /** Of the key. Absent: what `parseParameters({})` gives. */
  readonly parameters?: KeyParameters;
  /** Raw, in the form that `Engine.loadPrivate` takes. Not needed for cases that only verify. */
  readonly privateKeyHex?: string;
  /** Instead of `privateKeyHex`: an encoding for `Engine.importPrivate` (RSA: PKCS#1 or PKCS#8, and so on). */
  readonly importedPrivateKeyHex?: string;
  /** Raw, in the form that `Engine.loadPublic` takes. Where there is a private key it must give exactly this. */
  readonly publicKeyHex: string;
  readonly payload: KnownPayload;
  /** As a caller gives them; byte strings by `bytesFromHex`. `deterministic: true` where the answer needs it. */
  readonly options: SigningOptions;
  readonly signatureHex: string;
  /**
   * - `sign`: signing gives exactly `signatureHex`, and it verifies (deterministic schemes);
   * - `verify`: `signatureHex` verifies; the engine's own signature isn't compared (hedged or salted schemes);
   * - `reject`: `loadPublic` throws `invalid_key`, or `prepare` refuses, or verification gives false.
   */
  readonly expect: 'sign' | 'verify' | 'reject';
  /**
   * Engines that can't do this case, with the reason; `node-crypto`, the fallback, needn't be named. The suite demands
   * that a named one refuses with EngineFailure `unsupported` when it's asked to compile the scheme for signing, and
   * that one that isn't named doesn't.
   */
  readonly unsupportedBy?: Readonly<Record<string, string>>;
}

export interface KnownPayload {
  readonly kind: Payload['kind'];
  readonly hex: string;
  readonly digest?: Payload['digest'];
}

/** The cases of one algorithm. A source that isn't there (an unset variable) is a skip with its reason. */
export interface KnownAnswers {
  readonly cases: readonly KnownAnswer[];
  readonly skipped?: readonly { readonly source: string; readonly reason: string }[];
}

export function bytesFromHex(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length * 2 !== hex.length) throw new Error(`not hex: ${hex.slice(0, 20)}`);
  return bytes;
}

export function payloadOf(payload: KnownPayload): Payload {
  return { kind: payload.kind, bytes: bytesFromHex(payload.hex), digest: payload.digest };
}
