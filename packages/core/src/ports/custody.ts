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

/** Where private keys are. One implementation per custody name, behind one registry. */
export interface Custody {
  readonly name: CustodyName;
  /** Signs all items of a permit set; results in the same order. Never rejects for one item's sake. */
  sign(permits: PermitSet): Promise<readonly CustodySignature[]>;
  /** @throws DomainError `not_supported` where no engine of the algorithm is present, `unavailable` */
  generate(terms: SealingTerms, parameters: KeyParameters): Promise<SealedKeyPair>;
  /** Seals a private key given in its field's encoding. @throws DomainError `invalid_request` for a bad key */
  importKey(terms: SealingTerms, encoded: Uint8Array): Promise<SealedKeyPair>;
}

/** Checks signatures; needs no secret, so it runs in keyless processes. */
export interface Verifier {
  /** In the order of the jobs; `undefined` where the check couldn't be run and may be tried again. */
  verify(jobs: readonly VerificationJob[]): Promise<readonly (boolean | 'invalid' | undefined)[]>;
}
