/** Signatures of plain digests and messages, one or thousands, over all custodies in one request; and their verification. */
import { DomainError } from '@countersign/core/domain-error';
import type {
  Ceremony,
  ParsedItem,
  SigningItem,
  SigningResult,
  VerificationItem,
  VerificationResult,
} from '@countersign/core/signing-item';
import { type Static, Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { writeId } from '../../prefixed-id.ts';
import { readBase64, writeBase64 } from '../base64.ts';
import {
  SigningItemSchema,
  SigningResultSchema,
  VerificationItemSchema,
  VerificationResultSchema,
} from '../item-schemas.ts';
import { createItemReader, readKeyReference, readOptions, readPlain } from '../read-item.ts';
import { readItems } from '../read-items.ts';

type WireItem = Static<typeof SigningItemSchema>;

const readSigningItem = createItemReader(
  SigningItemSchema,
  (item): { item: SigningItem; meeting: WireItem['ceremony'] } => ({
    item: { key: readKeyReference(item), payload: readPayload(item), options: readOptions(item.options ?? {}) },
    meeting: item.ceremony,
  }),
);

const readVerificationItem = createItemReader(
  VerificationItemSchema,
  (item): VerificationItem => ({
    key: readKeyReference(item),
    payload: readPayload(item),
    options: readOptions(item.options ?? {}),
    signature: readBase64('signature', item.signature),
  }),
);

/** Chain payloads are requests: people may have to see them. */
function readPayload(item: Pick<WireItem, 'digest' | 'message' | 'payload' | 'hash'>): SigningItem['payload'] {
  if (item.payload !== undefined)
    throw new DomainError('invalid_request', 'payloads of chains are signed by POST /api/v1/requests');
  if ((item.digest === undefined) === (item.message === undefined))
    throw new DomainError('invalid_request', 'an item has a digest or a message, and only one of them');
  return readPlain(item);
}

const sign: Endpoint = {
  method: 'POST',
  path: '/api/v1/signatures',
  operation: 'sign',
  summary: 'Signs digests and messages, in one batch.',
  authentication: 'bearer',
  permissions: ['sign'],
  request: Type.Object({ items: Type.Array(SigningItemSchema) }),
  responses: { 200: Type.Object({ results: Type.Array(SigningResultSchema) }) },
  async handle({ services, caller, body, limits }) {
    const read = readItems(body, limits.maxBatchItems).map(readSigningItem);
    const results = await services.signBatch(caller, withCeremonies(read));
    return jsonAnswer(200, { results: results.map(renderResult) });
  },
};

/** Every item of a threshold key knows all rooms of the request, its own among them. */
function withCeremonies(
  read: readonly ParsedItem<{ readonly item: SigningItem; readonly meeting: WireItem['ceremony'] }>[],
): readonly ParsedItem<SigningItem>[] {
  const rooms: string[] = [];
  const positions = read.map((parsed) =>
    parsed.ok && parsed.item.meeting !== undefined ? rooms.push(parsed.item.meeting.room) - 1 : -1,
  );
  return read.map((parsed, place) => {
    if (!parsed.ok) return parsed;
    const { item, meeting } = parsed.item;
    if (meeting === undefined) return { ok: true, item };
    const ceremony: Ceremony = { room: meeting.room, rooms, position: positions[place] ?? -1, relay: meeting.relay };
    return { ok: true, item: { ...item, ceremony } };
  });
}

const verify: Endpoint = {
  method: 'POST',
  path: '/api/v1/verifications',
  operation: 'verify',
  summary: 'Verifies signatures, in one batch.',
  authentication: 'bearer',
  permissions: ['verify'],
  request: Type.Object({ items: Type.Array(VerificationItemSchema) }),
  responses: { 200: Type.Object({ results: Type.Array(VerificationResultSchema) }) },
  async handle({ services, caller, body, limits }) {
    const items = readItems(body, limits.maxBatchItems).map(readVerificationItem);
    const results = await services.verifyBatch(caller, items);
    return jsonAnswer(200, { results: results.map(renderVerification) });
  },
};

export const SIGNATURE_ENDPOINTS: readonly Endpoint[] = [sign, verify];

function renderResult(result: SigningResult): Readonly<Record<string, unknown>> {
  switch (result.outcome) {
    case 'signed':
      return {
        status: 'signed',
        keyId: writeId('key', result.key.id),
        signature: writeBase64(result.signature),
      };
    case 'pending':
      return {
        status: 'pending',
        requestId: writeId('sig', result.requestId),
        approvalId: writeId('ap', result.approvalId),
      };
    case 'denied':
    case 'failed':
      return { status: result.outcome, error: { code: result.code, message: textOf(result) } };
  }
}

function renderVerification(result: VerificationResult): Readonly<Record<string, unknown>> {
  return result.outcome === 'checked'
    ? { valid: result.valid, keyId: writeId('key', result.key.id) }
    : { error: { code: result.code, message: textOf(result) } };
}

/** What is internal keeps its text inside. */
function textOf({ code, reason }: { readonly code: string; readonly reason: string }): string {
  return code === 'internal' ? 'internal error' : reason;
}
