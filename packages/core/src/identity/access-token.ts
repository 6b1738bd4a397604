import type { AccountId, CredentialId, PrincipalId, RoleId, TokenId } from '../ids.ts';

/** A bearer token in the shape of a JWT, looked up by its digest: what it says about itself is for the client alone. */
export interface AccessToken {
  readonly id: TokenId;
  readonly accountId: AccountId;
  readonly principalId: PrincipalId;
  /** `service-account`: of a service. `personal`: of a person, for programs, never more than the person. `login`: of a person, short. */
  readonly kind: 'service-account' | 'personal' | 'login';
  readonly name: string;
  /** SHA-256 of the whole text. */
  readonly digest: Uint8Array;
  /** The one credential that proves actions of this token; undefined: any of the principal's own but those of its personal tokens. */
  readonly credentialId: CredentialId | undefined;
  /** Only what these roles allow, of what the principal may; undefined: all that it may. */
  readonly roleIds: readonly RoleId[] | undefined;
  readonly active: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
}
