/** People, services and tokens on this wire. */
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential } from '@countersign/core/identity/credential';
import type { Identity } from '@countersign/core/identity/identities';
import { administersAccount } from '@countersign/core/principal';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, IdSchema, wireDate } from '../wire-values.ts';
import { credentialIdOf } from './render-challenge.ts';
import { roleName } from './role-name.ts';

const AssignmentSchema = Type.Object({ permissionName: Type.String(), permissionId: IdSchema, assignmentId: IdSchema });

export const UserSchema = Type.Object({
  userId: IdSchema,
  username: Type.String(),
  name: Type.String(),
  kind: Type.Union([Type.Literal('CustomerEmployee'), Type.Literal('EndUser')]),
  credentialUuid: Type.String(),
  orgId: IdSchema,
  isActive: Type.Boolean(),
  isServiceAccount: Type.Boolean(),
  isRegistered: Type.Boolean(),
  isSSORequired: Type.Boolean(),
  /** Of administrators alone. */
  permissions: Type.Optional(Type.Array(Type.String())),
  permissionAssignments: Type.Array(AssignmentSchema),
});

export const AccessTokenSchema = Type.Object({
  accessToken: Type.Optional(Type.String()),
  dateCreated: DateSchema,
  credId: Type.String(),
  isActive: Type.Boolean(),
  kind: Type.Union([Type.Literal('Pat'), Type.Literal('ServiceAccount'), Type.Literal('Token')]),
  linkedUserId: IdSchema,
  linkedAppId: Type.String(),
  name: Type.String(),
  orgId: IdSchema,
  permissionAssignments: Type.Array(AssignmentSchema),
  publicKey: Type.String(),
  tokenId: IdSchema,
});

export const ServiceAccountSchema = Type.Object({ userInfo: UserSchema, accessTokens: Type.Array(AccessTokenSchema) });

export const CredentialSchema = Type.Object({
  kind: Type.Union([Type.Literal('Key'), Type.Literal('Fido2')]),
  credentialId: Type.String(),
  credentialUuid: IdSchema,
  dateCreated: DateSchema,
  isActive: Type.Boolean(),
  name: Type.String(),
  publicKey: Type.String(),
  relyingPartyId: Type.String(),
  origin: Type.String(),
});

const TOKEN_KINDS = { 'service-account': 'ServiceAccount', personal: 'Pat', login: 'Token' } as const;

export function renderUser(identity: Identity): Readonly<Record<string, unknown>> {
  const { principal } = identity;
  return {
    userId: writeId('us', principal.id),
    username: identity.email ?? principal.name,
    name: principal.name,
    // People of the account are employees here; what makes an end user is that keys are delegated to it.
    kind: 'CustomerEmployee',
    credentialUuid: identity.credentials[0] === undefined ? '' : writeId('cr', identity.credentials[0].id),
    orgId: writeId('or', principal.accountId),
    isActive: principal.enabled,
    isServiceAccount: principal.kind === 'service',
    isRegistered: identity.registered,
    isSSORequired: false,
    ...(administersAccount(principal) && { permissions: ['ManagedFullAdminAccess'] }),
    permissionAssignments: assignmentsOf(identity),
  };
}

export function renderAccessToken(
  token: AccessToken,
  identity: Identity,
  accessToken?: string,
): Readonly<Record<string, unknown>> {
  const credential = identity.credentials.find(({ id }) => id === token.credentialId);
  return {
    ...(accessToken !== undefined && { accessToken }),
    dateCreated: wireDate(token.createdAtMs),
    credId: token.credentialId === undefined ? '' : writeId('cr', token.credentialId),
    isActive: token.active,
    kind: TOKEN_KINDS[token.kind],
    linkedUserId: writeId('us', token.principalId),
    linkedAppId: '',
    name: token.name,
    orgId: writeId('or', token.accountId),
    permissionAssignments: assignmentsOf(identity).filter(
      ({ permissionId }) =>
        token.roleIds === undefined || token.roleIds.some((id) => writeId('pm', id) === permissionId),
    ),
    publicKey: credential === undefined ? '' : publicKeyText(credential),
    tokenId: writeId('to', token.id),
  };
}

export function renderServiceAccount(
  identity: Identity,
  issued?: { readonly token: AccessToken; readonly text: string },
): unknown {
  return {
    userInfo: renderUser(identity),
    accessTokens: identity.tokens
      .filter(({ kind }) => kind === 'service-account')
      .map((token) => renderAccessToken(token, identity, token.id === issued?.token.id ? issued.text : undefined)),
  };
}

/** @param relyingPartyId of passkeys; other credentials have none */
export function renderCredential(credential: Credential, relyingPartyId: string): Readonly<Record<string, unknown>> {
  const isPasskey = credential.material.kind === 'passkey';
  return {
    kind: isPasskey ? 'Fido2' : 'Key',
    credentialId: credentialIdOf(credential),
    credentialUuid: writeId('cr', credential.id),
    dateCreated: wireDate(credential.createdAtMs),
    isActive: credential.active,
    name: credential.name,
    publicKey: publicKeyText(credential),
    relyingPartyId: isPasskey ? relyingPartyId : '',
    origin: '',
  };
}

/** PEM for keys; for passkeys the COSE key in base64url. */
function publicKeyText({ material }: Credential): string {
  if (material.kind === 'passkey') return Buffer.from(material.publicKey).toString('base64url');
  const lines =
    Buffer.from(material.spki)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}

function assignmentsOf({ assignments }: Identity): readonly {
  readonly permissionName: string;
  readonly permissionId: string;
  readonly assignmentId: string;
}[] {
  return assignments.map((assignment) => ({
    permissionName: roleName(assignment.roleName),
    permissionId: writeId('pm', assignment.roleId),
    assignmentId: writeId('as', assignment.id),
  }));
}
