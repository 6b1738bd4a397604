/** Rows of credentials and access tokens as records. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential, CredentialMaterial } from '@countersign/core/identity/credential';
import type { AccountId, CredentialId, PrincipalId, RoleId, TokenId } from '@countersign/core/ids';
import { idText } from './key-row.ts';
import { idBlob } from './sqlite-log.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

export const INSERT_CREDENTIAL = `INSERT INTO credentials
  (id, account_id, principal_id, name, kind, public_key, raw_id, sign_count, transports, active, created_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
export const INSERT_TOKEN = `INSERT INTO access_tokens
  (id, account_id, principal_id, kind, name, digest, credential_id, role_ids, active, created_at_ms, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function credentialCells({ material, ...credential }: Credential): SQLInputValue[] {
  return [
    idBlob(credential.id),
    idBlob(credential.accountId),
    idBlob(credential.principalId),
    credential.name,
    material.kind,
    publicKeyOf(material),
    material.kind === 'passkey' ? material.rawId : null,
    material.kind === 'passkey' ? material.signCount : null,
    material.kind === 'passkey' ? JSON.stringify(material.transports) : null,
    Number(credential.active),
    credential.createdAtMs,
  ];
}

/** SubjectPublicKeyInfo of a key, COSE_Key of a passkey. */
export function publicKeyOf(material: CredentialMaterial): Uint8Array {
  return material.kind === 'key' ? material.spki : material.publicKey;
}

export function credentialOf(row: Row): Credential {
  return {
    id: idText(row['id']) as CredentialId,
    accountId: idText(row['account_id']) as AccountId,
    principalId: idText(row['principal_id']) as PrincipalId,
    name: row['name'] as string,
    material: materialOf(row),
    active: row['active'] === 1,
    createdAtMs: row['created_at_ms'] as number,
  };
}

function materialOf(row: Row): CredentialMaterial {
  const publicKey = row['public_key'] as Uint8Array;
  if (row['kind'] === 'key') return { kind: 'key', spki: publicKey };
  return {
    kind: 'passkey',
    rawId: row['raw_id'] as Uint8Array,
    publicKey,
    signCount: row['sign_count'] as number,
    transports: JSON.parse(row['transports'] as string) as string[],
  };
}

export function tokenCells(token: AccessToken): SQLInputValue[] {
  return [
    idBlob(token.id),
    idBlob(token.accountId),
    idBlob(token.principalId),
    token.kind,
    token.name,
    token.digest,
    token.credentialId === undefined ? null : idBlob(token.credentialId),
    token.roleIds === undefined ? null : JSON.stringify(token.roleIds),
    Number(token.active),
    token.createdAtMs,
    token.expiresAtMs ?? null,
  ];
}

export function tokenOf(row: Row): AccessToken {
  return {
    id: idText(row['id']) as TokenId,
    accountId: idText(row['account_id']) as AccountId,
    principalId: idText(row['principal_id']) as PrincipalId,
    kind: row['kind'] as AccessToken['kind'],
    name: row['name'] as string,
    digest: row['digest'] as Uint8Array,
    credentialId: row['credential_id'] === null ? undefined : (idText(row['credential_id']) as CredentialId),
    roleIds: row['role_ids'] === null ? undefined : (JSON.parse(row['role_ids'] as string) as RoleId[]),
    active: row['active'] === 1,
    createdAtMs: row['created_at_ms'] as number,
    expiresAtMs: (row['expires_at_ms'] as number | null) ?? undefined,
  };
}
