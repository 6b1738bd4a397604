/**
 * What all entries of one batch share. Layout, integers big-endian:
 *
 *   version u8 = 1, type u8, batch id u64, account id 16, account revision u64, principal id 16, time ms u64,
 *   item count u32, refused count u32, dialect (length u8, ASCII)
 */
import { DomainError } from '../domain-error.ts';
import type { AccountId, PrincipalId } from '../ids.ts';
import { type FieldReader, malformed, writeId, writeUint53 } from './byte-fields.ts';

export const ENTRY_VERSION = 1;

/** First two bytes of every entry: the version and one of these. */
export const ENTRY_TYPE = { intent: 1, refusal: 2, outcome: 3, event: 4 } as const;

export interface BatchHeader {
  readonly type: (typeof ENTRY_TYPE)['intent' | 'refusal' | 'outcome'];
  /** Leaf index of the batch's intent (or refusal) in the log. */
  readonly batchId: number;
  readonly accountId: AccountId;
  readonly accountRevision: number;
  readonly principalId: PrincipalId;
  readonly createdAtMs: number;
  readonly itemCount: number;
  readonly refusedCount: number;
  /** 1 to 32 characters of ASCII. */
  readonly dialect: string;
}

const FIXED_BYTES = 2 + 8 + 16 + 8 + 16 + 8 + 4 + 4 + 1;
const MAX_DIALECT_CHARACTERS = 32;
const DIALECT = /^[\x21-\x7e]{1,32}$/;

export const MAX_HEADER_BYTES = FIXED_BYTES + MAX_DIALECT_CHARACTERS;

/** Writes the header at the start of `target`; returns its length. @throws DomainError `internal` for a bad field */
export function writeBatchHeader(target: Buffer, header: BatchHeader): number {
  if (!DIALECT.test(header.dialect)) throw new DomainError('internal', 'bad dialect name in a log entry');
  target[0] = ENTRY_VERSION;
  target[1] = header.type;
  writeUint53(target, 2, header.batchId);
  writeId(target, 10, header.accountId);
  writeUint53(target, 26, header.accountRevision);
  writeId(target, 34, header.principalId);
  writeUint53(target, 50, header.createdAtMs);
  target.writeUInt32BE(header.itemCount, 58);
  target.writeUInt32BE(header.refusedCount, 62);
  target[66] = header.dialect.length;
  target.write(header.dialect, FIXED_BYTES, 'latin1');
  return FIXED_BYTES + header.dialect.length;
}

/** @throws DomainError `internal` for anything that `writeBatchHeader` doesn't write */
export function readBatchHeader(fields: FieldReader): BatchHeader {
  if (fields.uint8() !== ENTRY_VERSION) throw malformed();
  const type = fields.uint8();
  if (type !== ENTRY_TYPE.intent && type !== ENTRY_TYPE.refusal && type !== ENTRY_TYPE.outcome) throw malformed();
  const header: BatchHeader = {
    type,
    batchId: fields.uint53(),
    accountId: fields.id() as AccountId,
    accountRevision: fields.uint53(),
    principalId: fields.id() as PrincipalId,
    createdAtMs: fields.uint53(),
    itemCount: fields.uint32(),
    refusedCount: fields.uint32(),
    dialect: fields.shortText(),
  };
  if (!DIALECT.test(header.dialect)) throw malformed();
  return header;
}
