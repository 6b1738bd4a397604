/** Signed user actions: a credential's proof that its holder wants exactly this change. */
import type { CredentialId, TokenId } from '../ids.ts';
import type { Credential } from './credential.ts';

/** A change as it will be sent. */
export interface ActionSubject {
  /** `POST`, `PUT`, `DELETE`, `PATCH`. */
  readonly method: string;
  /** Percent-encoded as sent, without a query; 1 to 2,048 characters. */
  readonly path: string;
  /** The exact bytes of the body. */
  readonly body: Uint8Array;
}

export interface ActionChallenge {
  /** base64url of 32 bytes: the SHA-256 of all that the proof is bound to (design, section 7). */
  readonly challenge: string;
  /** Opaque, to be handed back; at most 1,024 characters. */
  readonly identifier: string;
  /** Active ones that may answer. */
  readonly credentials: readonly Credential[];
  readonly expiresAtMs: number;
}

/** The credential's answer. Everything is as it came: hostile. */
export type CredentialAssertion =
  | {
      readonly kind: 'key';
      readonly credentialId: CredentialId;
      /** Bytes of a JSON text with at least `type` = `key.get` and `challenge`. At most 4 KiB. */
      readonly clientData: Uint8Array;
      /** Ed25519: 64 bytes; EC: DER, SHA-256; RSA: PKCS #1 v1.5, SHA-256. */
      readonly signature: Uint8Array;
    }
  | {
      readonly kind: 'passkey';
      readonly rawId: Uint8Array;
      readonly clientData: Uint8Array;
      readonly authenticatorData: Uint8Array;
      readonly signature: Uint8Array;
      readonly userHandle: Uint8Array | undefined;
    };

/** Part of a `Caller` whose action was proven; made by `create-user-actions.ts` alone, and valid for one request. */
export interface ProvenAction {
  readonly credentialId: CredentialId;
  readonly tokenId: TokenId | undefined;
  /** 32 bytes: digest of the request or change that the challenge named, where it was a decision. */
  readonly subjectDigest: Uint8Array | undefined;
  /** Leaf of the log that holds preimage and assertion. */
  readonly logIndex: number;
}
