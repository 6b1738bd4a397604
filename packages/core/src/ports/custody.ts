import type { KeyParameters, Scheme } from '@countersign/algorithms/algorithm';
import type { AccountId, KeyId } from '../ids.ts';
import type { CustodyName, KeyOperation, KeyRecord, SealedKey } from '../key-record.ts';
import type { PermitSet } from '../permit.ts';

/** What is bound into a key when it is sealed, and enforced by the signer whatever anyone else says. */
export interface SealingTerms {
  readonly keyId: KeyId;
  readonly accountId: AccountId;
  readonly algorithm: string;
  readonly operations: readonly KeyOperation[];
  readonly exportable: boolean;
}

export interface SealedKeyPair {
  readonly sealed: SealedKey;
  readonly publicKey: Uint8Array;
  readonly parameters: KeyParameters;
}

/** One item's result. `refused`: the sealed key doesn't allow it. `unavailable`: may be tried again. */
export type CustodySignature =
  | { readonly status: 'signed'; readonly signature: Uint8Array; readonly signatureDigest: Uint8Array }
  | { readonly status: 'refused' | 'invalid' | 'unavailable' | 'fault' }
  /**
   * Other parties were missing, refused or disagreed; `reason` is for the caller and names them. `mayExist`: this
   * party's partial signature left, so that the others may have the signature.
   */
  | { readonly status: 'ceremony-failed'; readonly reason: string; readonly mayExist: boolean };

export interface VerificationJob {
  readonly key: KeyRecord;
  readonly scheme: Scheme;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** A key encrypted by HPKE (RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). */
export interface HpkeSealed {
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What only a custody with its own private halves can do. */
export interface KeyTransfers {
  /** 32 bytes, X25519: what `importEncrypted` decrypts with. */
  importPublicKey(): Promise<Uint8Array>;
  /** As `importKey`, from a message to the import key. @throws DomainError `invalid_request` where it doesn't open */
  importEncrypted(terms: SealingTerms, message: HpkeSealed): Promise<SealedKeyPair>;
  /** @throws DomainError `key_not_usable` for a key that isn't sealed as exportable, `invalid_request` for a bad recipient */
  exportEncrypted(key: KeyRecord, recipient: Uint8Array): Promise<HpkeSealed>;
  /** A child, sealed under its own terms. @throws DomainError `key_not_usable` unless `derive-child` is sealed into the parent */
  deriveChild(parent: KeyRecord, path: readonly number[], terms: SealingTerms): Promise<SealedKeyPair>;
}

/** Where private keys are. One implementation per custody name, behind one registry. */
export interface Custody {
  readonly name: CustodyName;
  /** Signs all items of a permit set; results in the same order. Never rejects for one item's sake. */
  sign(permits: PermitSet): Promise<readonly CustodySignature[]>;
  /** @throws DomainError `not_supported` where no engine of the algorithm is present, `unavailable` */
  generate(terms: SealingTerms, parameters: KeyParameters): Promise<SealedKeyPair>;
  /** Seals a private key given in its field's encoding. @throws DomainError `invalid_request` for a bad key */
  importKey(terms: SealingTerms, encoded: Uint8Array): Promise<SealedKeyPair>;
  /** Absent for a custody that can't. */
  readonly transfers?: KeyTransfers;
}

/** Checks signatures; needs no secret, so it runs in keyless processes. */
export interface Verifier {
  /** In the order of the jobs; `undefined` where the check couldn't be run and may be tried again. */
  verify(jobs: readonly VerificationJob[]): Promise<readonly (boolean | 'invalid' | undefined)[]>;
}
