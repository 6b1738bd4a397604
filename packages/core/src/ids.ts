/** Branded identifiers: lower-case UUIDs that only `parseId` and `newId` make. */
import { randomUUID, randomUUIDv7 } from 'node:crypto';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type AccountId = Id<'account'>;
export type GroupId = Id<'group'>;
export type KeyId = Id<'key'>;
export type PrincipalId = Id<'principal'>;
export type RuleId = Id<'rule'>;
export type PolicyId = Id<'policy'>;
export type RequestId = Id<'request'>;
export type ApprovalId = Id<'approval'>;
export type GoverningPolicyId = Id<'governing-policy'>;
export type ChangeId = Id<'change'>;
export type CredentialId = Id<'credential'>;
export type TokenId = Id<'token'>;
export type RoleId = Id<'role'>;
export type AssignmentId = Id<'assignment'>;
export type WalletId = Id<'wallet'>;
export type WebhookId = Id<'webhook'>;
export type WebhookEventId = Id<'webhook-event'>;
type AnyId =
  | AccountId
  | GroupId
  | KeyId
  | PrincipalId
  | RuleId
  | PolicyId
  | RequestId
  | ApprovalId
  | GoverningPolicyId
  | ChangeId
  | CredentialId
  | TokenId
  | RoleId
  | AssignmentId
  | WalletId
  | WebhookId
  | WebhookEventId;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A fresh random (version 4) identifier. */
export function newId<T extends AnyId>(): T {
  return randomUUID() as T;
}

/** A fresh identifier that grows with time (version 7): for what is listed newest first. */
export function newOrderedId<T extends AnyId>(): T {
  return randomUUIDv7() as T;
}

/** Parses a UUID in either case; undefined for anything else. */
export function parseId<T extends AnyId>(text: string): T | undefined {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as T) : undefined;
}

/** The 16 bytes of an identifier. */
export function idBytes(id: AnyId): Uint8Array {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
