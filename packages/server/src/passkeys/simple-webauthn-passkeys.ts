/** WebAuthn ceremonies through @simplewebauthn/server. */
import type { PasskeyFacts, Passkeys } from '@countersign/core/ports/passkeys';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';

export interface PasskeySettings {
  /** `id`: the domain that passkeys are bound to, such as `localhost` or `sign.example.com`. */
  readonly relyingParty: Passkeys['relyingParty'];
  /** Where the web console may be: `https://sign.example.com`. At least one. */
  readonly origins: readonly string[];
}

/** EdDSA (Ed25519), ES256, RS256: COSE algorithm identifiers (RFC 9053, RFC 8812). */
const ALGORITHMS = [-8, -7, -257];

/**
 * User verification is always required: a passkey stands for a person here, not for a device. Never throws for what a
 * caller sent.
 */
export function createSimpleWebauthnPasskeys({ relyingParty, origins }: PasskeySettings): Passkeys {
  const expectedOrigin = [...origins];

  return {
    relyingParty,

    async verifyAttestation({ rawId, clientData, attestationObject }, challenge) {
      try {
        if (!isUnattested(attestationObject)) return undefined;
        const id = base64url(rawId);
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: {
            id,
            rawId: id,
            type: 'public-key',
            clientExtensionResults: {},
            response: { clientDataJSON: base64url(clientData), attestationObject: base64url(attestationObject) },
          },
          expectedChallenge: asBrowsersWriteIt(challenge),
          expectedOrigin,
          expectedRPID: relyingParty.id,
          requireUserVerification: true,
          supportedAlgorithmIDs: ALGORITHMS,
        });
        // The library doesn't compare the two: what is stored is the one that the authenticator made.
        if (!verified || registrationInfo.credential.id !== id) return undefined;
        const { publicKey, counter } = registrationInfo.credential;
        return { rawId, publicKey, signCount: counter };
      } catch {
        return undefined;
      }
    },

    async verifyAssertion({ rawId, clientData, authenticatorData, signature }, challenge, known) {
      try {
        const id = base64url(rawId);
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: {
            id,
            rawId: id,
            type: 'public-key',
            clientExtensionResults: {},
            response: {
              clientDataJSON: base64url(clientData),
              authenticatorData: base64url(authenticatorData),
              signature: base64url(signature),
            },
          },
          expectedChallenge: asBrowsersWriteIt(challenge),
          expectedOrigin,
          expectedRPID: relyingParty.id,
          requireUserVerification: true,
          credential: credentialOf(known),
        });
        return verified && base64url(known.rawId) === id ? authenticationInfo.newCounter : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * Attestation isn't asked for, and then browsers send none, or one by the new key itself. The other kinds bring
 * certificates, for which the library would fetch what their makers name: this process calls nobody for a caller.
 */
function isUnattested(attestationObject: Uint8Array): boolean {
  const decoded = decodeAttestationObject(Uint8Array.from(attestationObject));
  const format = decoded.get('fmt');
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
}

/** Clients hand the text of the challenge to WebAuthn as UTF-8, and browsers write its bytes in base64url. */
function asBrowsersWriteIt(challenge: string): string {
  return Buffer.from(challenge).toString('base64url');
}

function credentialOf({ rawId, publicKey, signCount }: PasskeyFacts) {
  return { id: base64url(rawId), publicKey: Uint8Array.from(publicKey), counter: signCount };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
