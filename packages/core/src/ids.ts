/** Branded identifiers: lower-case UUIDs that only `parseId` and `newId` make. */
import { randomUUID } from 'node:crypto';

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

const MAX_COUNTER = 0xfff;
let lastMs = 0;
let counter = 0;

/**
 * A fresh identifier (version 7) that is larger than all that this process made before, for what is listed newest first:
 * the 12 bits after the time count within a millisecond (RFC 9562, section 6.2, method 1), where `randomUUIDv7` of Node
 * has random ones, so that the items of one batch would be listed in no order.
 */
export function newOrderedId<T extends AnyId>(): T {
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > MAX_COUNTER) {
    // More than 4,096 in a millisecond, or a clock that was set back: a little ahead of time.
    lastMs++;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  // From the variant on it is random as in version 4.
  const random = randomUUID().slice(19);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${random}` as T;
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
