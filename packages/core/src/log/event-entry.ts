/**
 * What happened besides signing: keys made and deleted, grants, settings. One row, one leaf; both are the same bytes:
 *
 *   version u8 = 1, type u8 = 4, time ms u64, account id 16 (zeros where it belongs to none), JSON (length u32, UTF-8)
 */
import { DomainError } from '../domain-error.ts';
import type { AccountId, PrincipalId } from '../ids.ts';
import { ENTRY_TYPE, ENTRY_VERSION } from './batch-header.ts';
import { FieldReader, malformed, writeId, writeUint53 } from './byte-fields.ts';

export const MAX_EVENT_JSON_BYTES = 16 * 1024;
const FIXED_BYTES = 2 + 8 + 16 + 4;
const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

export interface LogEvent {
  /** Verb last, as in `key-created`. */
  readonly kind: string;
  readonly accountId: AccountId | undefined;
  /** Who did it; undefined for the service itself. */
  readonly by: PrincipalId | undefined;
  /** Public facts only: never a secret, never a payload. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** @throws DomainError `internal` for an event of more than 16 KiB */
export function encodeEvent(event: LogEvent, createdAtMs: number): Uint8Array {
  const json = Buffer.from(JSON.stringify({ kind: event.kind, by: event.by ?? null, details: event.details }));
  if (json.length > MAX_EVENT_JSON_BYTES) throw new DomainError('internal', 'an event is too large for the log');
  const body = Buffer.allocUnsafe(FIXED_BYTES + json.length);
  body[0] = ENTRY_VERSION;
  body[1] = ENTRY_TYPE.event;
  writeUint53(body, 2, createdAtMs);
  writeId(body, 10, event.accountId ?? NO_ACCOUNT);
  body.writeUInt32BE(json.length, 26);
  body.set(json, FIXED_BYTES);
  return body;
}

/** Time, account and JSON text of an event's row. @throws DomainError `internal` for a malformed row */
export function decodeEvent(body: Uint8Array): {
  readonly createdAtMs: number;
  readonly accountId: AccountId | undefined;
  readonly json: string;
} {
  const fields = new FieldReader(body);
  if (fields.uint8() !== ENTRY_VERSION || fields.uint8() !== ENTRY_TYPE.event) throw malformed();
  const createdAtMs = fields.uint53();
  const accountId = fields.id();
  const length = fields.uint32();
  if (length > MAX_EVENT_JSON_BYTES) throw malformed();
  const json = Buffer.from(fields.bytes(length)).toString('utf8');
  if (!fields.atEnd) throw malformed();
  return { createdAtMs, accountId: accountId === NO_ACCOUNT ? undefined : (accountId as AccountId), json };
}
