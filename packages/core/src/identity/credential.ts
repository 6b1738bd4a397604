import type { AccountId, CredentialId, PrincipalId } from '../ids.ts';

/** What a principal proves single actions with. */
export interface Credential {
  readonly id: CredentialId;
  readonly accountId: AccountId;
  readonly principalId: PrincipalId;
  /** 1 to 255 characters, one line. */
  readonly name: string;
  readonly material: CredentialMaterial;
  readonly active: boolean;
  readonly createdAtMs: number;
}

export type CredentialMaterial =
  /** A key pair of the caller's: Ed25519, EC on P-256 or secp256k1, or RSA of 2048 to 8192 bits, as SubjectPublicKeyInfo in DER. */
  | { readonly kind: 'key'; readonly spki: Uint8Array }
  /** A WebAuthn passkey. */
  | {
      readonly kind: 'passkey';
      /** The authenticator's own id of it, 1 to 1,023 bytes. */
      readonly rawId: Uint8Array;
      /** COSE_Key. */
      readonly publicKey: Uint8Array;
      /** Grows with each use where the authenticator counts; 0 where it doesn't. */
      readonly signCount: number;
      readonly transports: readonly string[];
    };
