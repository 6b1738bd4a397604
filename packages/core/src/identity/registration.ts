/** Commands by which people get credentials and log in. */
import type { PrincipalId } from '../ids.ts';
import type { Caller } from '../principal.ts';
import type { Credential } from './credential.ts';
import type { Identity } from './identities.ts';
import type { ActionChallenge, CredentialAssertion } from './user-action.ts';

/** A new credential's proof of possession. Everything is as it came: hostile. */
export type CredentialAttestation =
  | {
      readonly kind: 'key';
      /** Bytes of a JSON text with at least `type` = `key.create` and `challenge`. */
      readonly clientData: Uint8Array;
      readonly publicKeyPem: string;
      /** Over the JSON `{"clientDataHash":<hex>,"publicKey":<PEM>}`, by the new key. */
      readonly signature: Uint8Array;
    }
  | {
      readonly kind: 'passkey';
      readonly rawId: Uint8Array;
      readonly clientData: Uint8Array;
      readonly attestationObject: Uint8Array;
    };

/** What a browser needs to make a passkey, beside the challenge. */
export interface RegistrationChallenge {
  /** base64url of 32 bytes. */
  readonly challenge: string;
  readonly identifier: string;
  readonly relyingParty: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  /** Not to be registered twice: ids of passkeys that the person has, base64url. */
  readonly excludeCredentials: readonly string[];
  /** Bearer for the call that completes a first registration; undefined where the caller is logged in. */
  readonly temporaryToken: string | undefined;
  readonly expiresAtMs: number;
}

export interface Registration {
  /** Of the passkeys of this server. */
  readonly relyingPartyId: string;
  /**
   * A person without credentials, and a code that registers the first one: shown once, 24 hours, one use. Needs
   * `create-user`. @throws DomainError `conflict` with subject `user-name`
   */
  inviteUser(
    caller: Caller,
    user: { readonly email: string; readonly externalId: string | undefined; readonly administrator: boolean },
  ): Promise<{ readonly identity: Identity; readonly registrationCode: string }>;
  /**
   * A new code for a person that isn't registered yet, or whose credentials are lost: all of them are switched off when it
   * is used. Needs `update-user`, and to hold what the person holds. Governed as `modify-credential`: where people have to
   * approve it, the code works once they have.
   */
  renewInvitation(caller: Caller, principalId: PrincipalId): Promise<string>;
  /**
   * After ten wrong codes for one person, further ones are `rate_limited` for 15 minutes; the right one never is: with 160
   * random bits it needs no lock, which would let anybody keep the person out. @throws DomainError `unauthenticated`, `rate_limited`
   */
  beginRegistration(email: string, registrationCode: string): Promise<RegistrationChallenge>;
  completeRegistration(
    temporaryToken: string,
    attestation: CredentialAttestation,
    name: string,
  ): Promise<{ readonly identity: Identity; readonly credential: Credential }>;

  beginLogin(email: string): Promise<ActionChallenge>;
  /** A `login` token of eight hours. @throws DomainError `unauthenticated`, `rate_limited` */
  completeLogin(
    identifier: string,
    assertion: CredentialAssertion,
  ): Promise<{ readonly identity: Identity; readonly accessToken: string }>;
  /** Ends the token of this request. */
  logout(caller: Caller): Promise<void>;

  /** One more credential for the calling person. The call that completes it is a change: it needs a proof. */
  beginCredential(caller: Caller, kind: 'key' | 'passkey'): Promise<RegistrationChallenge>;
  completeCredential(
    caller: Caller,
    identifier: string,
    attestation: CredentialAttestation,
    name: string,
  ): Promise<Credential>;
}
