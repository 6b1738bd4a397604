/** People and services, with their roles, tokens and credentials. */
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential } from '@countersign/core/identity/credential';
import type { Identity } from '@countersign/core/identity/identities';
import { administersAccount } from '@countersign/core/principal';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';
import { Base64Schema, writeBase64 } from './base64.ts';
import { pemOf } from './pem.ts';
import { renderScope, ScopeSchema } from './scope.ts';

/** Ten leap years at most. */
export const LifetimeSchema = Type.Integer({ minimum: 1, maximum: 316_224_000 });

export const CredentialSchema = Type.Object(
  {
    id: IdSchema,
    userId: IdSchema,
    name: Type.String(),
    kind: Type.Enum(['key', 'passkey']),
    /** Of a key: PEM. */
    publicKey: Type.Optional(Type.String()),
    /** Of a passkey: the authenticator's own id of it. */
    rawId: Type.Optional(Base64Schema),
    active: Type.Boolean(),
    createdAt: DateSchema,
  },
  { title: 'Credential' },
);

export const TokenSchema = Type.Object(
  {
    id: IdSchema,
    userId: IdSchema,
    kind: Type.Enum(['service-account', 'personal', 'login']),
    name: Type.String(),
    credentialId: Type.Optional(IdSchema),
    /** It may only do what these allow; absent: all that its principal may. */
    roleIds: Type.Optional(Type.Array(IdSchema)),
    active: Type.Boolean(),
    createdAt: DateSchema,
    expiresAt: Type.Optional(DateSchema),
  },
  { title: 'Token' },
);

export const IdentitySchema = Type.Object(
  {
    id: IdSchema,
    kind: Type.Enum(['user', 'service']),
    name: Type.String(),
    email: Type.Optional(Type.String()),
    externalId: Type.Optional(Type.String()),
    enabled: Type.Boolean(),
    /** Whether a person has a first credential. */
    registered: Type.Boolean(),
    administrator: Type.Boolean(),
    /** Whether every change and signature of it needs a user action. */
    requiresProof: Type.Boolean(),
    assignments: Type.Array(
      Type.Object({ id: IdSchema, roleId: IdSchema, roleName: Type.String(), scope: ScopeSchema }),
    ),
    tokens: Type.Array(TokenSchema),
    credentials: Type.Array(CredentialSchema),
    createdAt: DateSchema,
  },
  { title: 'Identity' },
);

export function renderIdentity(identity: Identity): Readonly<Record<string, unknown>> {
  const { principal, email, externalId } = identity;
  return {
    id: writeId('us', principal.id),
    kind: principal.kind,
    name: principal.name,
    ...(email !== undefined && { email }),
    ...(externalId !== undefined && { externalId }),
    enabled: principal.enabled,
    registered: identity.registered,
    administrator: administersAccount(principal),
    requiresProof: principal.requiresProof,
    assignments: identity.assignments.map(({ id, roleId, roleName, scope }) => ({
      id: writeId('as', id),
      roleId: writeId('pm', roleId),
      roleName,
      scope: renderScope(scope),
    })),
    tokens: identity.tokens.map(renderToken),
    credentials: identity.credentials.map(renderCredential),
    createdAt: wireDate(identity.createdAtMs),
  };
}

export function renderToken(token: AccessToken): Readonly<Record<string, unknown>> {
  const { credentialId, roleIds } = token;
  return {
    id: writeId('to', token.id),
    userId: writeId('us', token.principalId),
    kind: token.kind,
    name: token.name,
    ...(credentialId !== undefined && { credentialId: writeId('cr', credentialId) }),
    ...(roleIds !== undefined && { roleIds: roleIds.map((id) => writeId('pm', id)) }),
    active: token.active,
    createdAt: wireDate(token.createdAtMs),
    ...dateMember('expiresAt', token.expiresAtMs),
  };
}

export function renderCredential({ material, ...credential }: Credential): Readonly<Record<string, unknown>> {
  return {
    id: writeId('cr', credential.id),
    userId: writeId('us', credential.principalId),
    name: credential.name,
    kind: material.kind,
    ...(material.kind === 'key' ? { publicKey: pemOf(material.spki) } : { rawId: writeBase64(material.rawId) }),
    active: credential.active,
    createdAt: wireDate(credential.createdAtMs),
  };
}
