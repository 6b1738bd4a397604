/** What a chain is to the rest of the program: payload in, view and signable parts out. No network, no store, no clock. */
import type { View } from './view.ts';

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/** The public facts of the key that is to sign. */
export interface ChainKey {
  /** Name in the registry of algorithms. */
  readonly algorithm: string;
  /** In the algorithm's raw form (secp256k1 ECDSA: 65 bytes, uncompressed SEC1). */
  readonly publicKey: Uint8Array;
}

/** A chain format as a caller gives it: hostile, of any shape within the size of a request. */
export interface ChainPayload {
  readonly chain: string;
  readonly format: string;
  /** Name or number of a network where the caller gave one; formats that don't need it check it all the same. */
  readonly network: string | undefined;
  readonly content: JsonValue;
}

/** One thing to sign. Most payloads have one part; a PSBT has one for each input of the key. */
export interface SignablePart {
  readonly kind: 'digest' | 'message';
  readonly bytes: Uint8Array;
  /** BIP340 only: the taproot Merkle root, empty for none. */
  readonly merkleRoot?: Uint8Array;
}

/** A signature in raw form: 64 bytes (`r || s` big-endian, or R || S of EdDSA and BIP340). */
export interface RawSignature {
  readonly bytes: Uint8Array;
  /** ECDSA over a curve with recovery: 0 to 3, for the low-S form. */
  readonly recoveryId: number | undefined;
}

export interface AssembledPayload {
  /** Side by side with the parts: the signature as the chain writes it; undefined where it has no such form. */
  readonly encoded: readonly (Uint8Array | undefined)[];
  /** The payload with the signatures put in; undefined where the chain has no such form. */
  readonly signedData: Uint8Array | undefined;
  /** Facts for people, such as nonce and gas; at most a few. */
  readonly details?: Readonly<Record<string, string | number>>;
}

export interface DecodedPayload {
  readonly view: View;
  /** 1 to 1,000. */
  readonly parts: readonly SignablePart[];
  /** @throws RangeError when the number of signatures isn't that of the parts */
  readonly assemble: (signatures: readonly RawSignature[]) => AssembledPayload;
}

export type Decoding =
  | { readonly ok: true; readonly value: DecodedPayload }
  /** For the caller: which member is wrong and what would be right. */
  | { readonly ok: false; readonly reason: string };

export interface Chain {
  /** Name in the registry: `evm`. */
  readonly name: string;
  /** Names of its formats, in the order that error texts list them. */
  readonly formats: readonly string[];
  /** Never throws. A payload that parses in two ways, has trailing bytes, or isn't for this key, is refused. */
  readonly decode: (payload: ChainPayload, key: ChainKey) => Decoding;
  /** The key's address in canonical text; undefined where the algorithm isn't this chain's. */
  readonly address: (key: ChainKey, network: string | undefined) => string | undefined;
}
