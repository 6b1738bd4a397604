/** WebAuthn, level 3: the ceremonies' checks, by a library. */
export interface PasskeyFacts {
  readonly rawId: Uint8Array;
  /** COSE_Key. */
  readonly publicKey: Uint8Array;
  readonly signCount: number;
}

export interface Passkeys {
  readonly relyingParty: { readonly id: string; readonly name: string };
  /** Undefined: it doesn't hold. `challenge` is the text that `clientDataJSON.challenge` must be the base64url of. */
  verifyAttestation(
    attestation: {
      readonly rawId: Uint8Array;
      readonly clientData: Uint8Array;
      readonly attestationObject: Uint8Array;
    },
    challenge: string,
  ): Promise<PasskeyFacts | undefined>;
  /** The new sign count, or undefined where it doesn't hold: signature, origin, relying party, user verification, or a count that went back. */
  verifyAssertion(
    assertion: {
      readonly rawId: Uint8Array;
      readonly clientData: Uint8Array;
      readonly authenticatorData: Uint8Array;
      readonly signature: Uint8Array;
    },
    challenge: string,
    known: PasskeyFacts,
  ): Promise<number | undefined>;
}
