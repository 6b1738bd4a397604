/** A caller's own key, which proves every change. */
import type { KeyObject } from 'node:crypto';

/** A key that is held elsewhere: in a browser's key store, in a token. */
export interface SigningCredential {
  readonly credentialId: string;
  /**
   * @param clientData bytes of a JSON text, at most 4 KiB
   * @returns Ed25519: 64 bytes; EC: DER over SHA-256; RSA: PKCS #1 v1.5 over SHA-256
   */
  readonly sign: (clientData: Uint8Array) => Promise<Uint8Array> | Uint8Array;
}

/** A key that this process holds. */
export interface KeyCredential {
  readonly credentialId: string;
  /** PKCS #8 in PEM, or a private KeyObject: Ed25519, EC on P-256 or secp256k1, RSA. */
  readonly privateKey: string | KeyObject;
}

export type Credential = SigningCredential | KeyCredential;
