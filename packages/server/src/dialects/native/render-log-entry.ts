/** Entries of the log, decoded. */

import type { DecodedIntent } from '@countersign/core/log/intent-entry';
import { LOG_PHASES } from '@countersign/core/log/log-row';
import type { LogEntry } from '@countersign/core/log/logs';
import type { DecodedOutcome } from '@countersign/core/log/outcome-entry';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, IdSchema, wireDate } from '../wire-values.ts';
import { Base64Schema, writeBase64 } from './base64.ts';

const LogItemSchema = Type.Object(
  {
    keyId: IdSchema,
    /** Of an intent. */
    keyVersion: Type.Optional(Type.Integer()),
    payloadDigest: Base64Schema,
    status: Type.Enum(['intended', 'refused', 'signed', 'failed', 'unknown']),
    /** Why it was refused. */
    code: Type.Optional(Type.String()),
    /** SHA-256 of the signature. */
    signatureDigest: Type.Optional(Base64Schema),
  },
  { title: 'LogItem' },
);

export const LogEntrySchema = Type.Object(
  {
    firstLeaf: Type.Integer(),
    /** An outcome has a leaf for each item, everything else has one. */
    leafCount: Type.Integer(),
    phase: Type.Enum([...LOG_PHASES]),
    at: DateSchema,
    /** Who; absent for the service itself. */
    userId: Type.Optional(IdSchema),
    /** Of what belongs to a batch: the leaf of its intent or refusal. */
    batch: Type.Optional(Type.Integer()),
    dialect: Type.Optional(Type.String()),
    items: Type.Optional(Type.Array(LogItemSchema)),
    /** Of an event: its kind and facts. */
    kind: Type.Optional(Type.String()),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
    ),
    /** The bytes that the leaves are made of. */
    body: Base64Schema,
  },
  { title: 'LogEntry' },
);

export function renderLogEntry(entry: LogEntry): Readonly<Record<string, unknown>> {
  return {
    firstLeaf: entry.firstLeaf,
    leafCount: entry.leafCount,
    phase: entry.phase,
    at: wireDate(entry.createdAtMs),
    ...contentOf(entry),
    body: writeBase64(entry.body),
  };
}

function contentOf(entry: LogEntry): Readonly<Record<string, unknown>> {
  if (entry.phase === 'event') {
    const { kind, by, details } = entry.event;
    return { ...(by !== undefined && { userId: writeId('us', by) }), kind, details };
  }
  const { header } = entry.phase === 'outcome' ? entry.outcome : entry.intent;
  return {
    userId: writeId('us', header.principalId),
    batch: header.batchId,
    dialect: header.dialect,
    items: entry.phase === 'outcome' ? outcomeItems(entry.outcome) : intentItems(entry.intent),
  };
}

function intentItems({ items, refused }: DecodedIntent): readonly unknown[] {
  return [
    ...items.map(({ keyId, keyVersion, payloadDigest }) => ({
      keyId: writeId('key', keyId),
      keyVersion,
      payloadDigest: writeBase64(payloadDigest),
      status: 'intended',
    })),
    ...refused.map(({ keyId, payloadDigest, code }) => ({
      keyId: writeId('key', keyId),
      payloadDigest: writeBase64(payloadDigest),
      status: 'refused',
      code,
    })),
  ];
}

function outcomeItems({ records }: DecodedOutcome): readonly unknown[] {
  return records.map(({ keyId, payloadDigest, status, signatureDigest }) => ({
    keyId: writeId('key', keyId),
    payloadDigest: writeBase64(payloadDigest),
    status,
    ...(signatureDigest !== undefined && { signatureDigest: writeBase64(signatureDigest) }),
  }));
}
