/**
 * Generation, import and derivation, and their answer. Rare and slow, so the terms are JSON.
 *
 *     request = request id u32 | terms bytes u32 | terms JSON | what the key is made from
 *     reply   = request id u32 | status u8 | 3 zero bytes | JSON bytes u32 | public key bytes u32 | JSON | public key | sealed
 */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { type AccountId, type KeyId, parseId } from '@countersign/core/ids';
import { KEY_OPERATIONS, type KeyOperation } from '@countersign/core/key-record';
import type { SealedKeyPair, SealingTerms } from '@countersign/core/ports/custody';
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError, type FrameType } from '../frames.ts';
import { ByteReader } from './byte-reader.ts';
import { asParameters } from './key-entry.ts';

const MAX_TERMS_BYTES = 64 * 1024;
/** An RSA-8192 key is about 5 KB in PKCS#8. */
const MAX_ENCODED_KEY_BYTES = 64 * 1024;
const MAX_REASON_CHARACTERS = 200;

/** A status is its index on the wire. `refused`: what is sealed doesn't allow it. */
export const KEY_PAIR_STATUSES = ['done', 'invalid', 'not-supported', 'fault', 'refused'] as const;
export type KeyPairStatus = (typeof KEY_PAIR_STATUSES)[number];

export interface KeyPairRequest {
  readonly requestId: number;
  readonly terms: SealingTerms;
  /** As `Algorithm.parseParameters` gave them; for generation only, since other keys bring their own. */
  readonly parameters: KeyParameters;
  /**
   * What the key is made from: a view of the message. Generation: empty. Import: the private key; wiped by whoever uses it.
   * Encrypted import: encapsulated key and ciphertext. Derivation: see `child-origin.ts`.
   */
  readonly encoded: Buffer;
}

export type KeyPairReply =
  | { readonly status: 'done'; readonly pair: SealedKeyPair }
  | { readonly status: Exclude<KeyPairStatus, 'done'>; readonly reason: string };

/** Undefined when terms or key are too large for a message. */
export function packKeyPairRequest(
  type: FrameType,
  terms: SealingTerms,
  parameters: KeyParameters,
  encoded: Uint8Array,
): Buffer | undefined {
  const json = Buffer.from(
    JSON.stringify({
      keyId: terms.keyId,
      accountId: terms.accountId,
      algorithm: terms.algorithm,
      operations: terms.operations,
      exportable: terms.exportable,
      parameters,
    }),
    'utf8',
  );
  if (json.length > MAX_TERMS_BYTES || encoded.length > MAX_ENCODED_KEY_BYTES) return undefined;
  const frame = allocateFrame(type, 8 + json.length + encoded.length);
  frame.writeUInt32LE(0, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(json.length, FRAME_HEADER_BYTES + 4);
  frame.set(json, FRAME_HEADER_BYTES + 8);
  frame.set(encoded, FRAME_HEADER_BYTES + 8 + json.length);
  return frame;
}

/** @throws FrameError */
export function parseKeyPairRequest(type: number, body: Buffer): KeyPairRequest {
  const reader = new ByteReader(body);
  const requestId = reader.u32();
  const jsonBytes = reader.u32();
  if (jsonBytes > MAX_TERMS_BYTES) throw new FrameError('terms too large');
  const json = reader.json(jsonBytes) as Readonly<Record<string, unknown>>;
  const encoded = reader.bytes(body.length - reader.position);
  if (encoded.length > MAX_ENCODED_KEY_BYTES) throw new FrameError('private key too large');
  if ((type === FRAME_TYPES.generate) !== (encoded.length === 0)) throw new FrameError('private key');
  return {
    requestId,
    terms: {
      keyId: asId<KeyId>(json['keyId']),
      accountId: asId<AccountId>(json['accountId']),
      algorithm: asText(json['algorithm']),
      operations: asOperations(json['operations']),
      exportable: asBoolean(json['exportable']),
    },
    parameters: asParameters(json['parameters']),
    encoded,
  };
}

export function packKeyPairReply(requestId: number, reply: KeyPairReply): Buffer {
  const done = reply.status === 'done';
  const json = Buffer.from(
    JSON.stringify(
      done ? { parameters: reply.pair.parameters } : { reason: reply.reason.slice(0, MAX_REASON_CHARACTERS) },
    ),
    'utf8',
  );
  const publicKey = done ? reply.pair.publicKey : new Uint8Array(0);
  const sealed = done ? reply.pair.sealed : new Uint8Array(0);
  const frame = allocateFrame(FRAME_TYPES.keyPairReply, 16 + json.length + publicKey.length + sealed.length);
  let position = FRAME_HEADER_BYTES;
  for (const value of [requestId, KEY_PAIR_STATUSES.indexOf(reply.status), json.length, publicKey.length]) {
    position = frame.writeUInt32LE(value, position);
  }
  frame.set(json, position);
  frame.set(publicKey, position + json.length);
  frame.set(sealed, position + json.length + publicKey.length);
  return frame;
}

/** @throws FrameError. Public key and sealed key are copies: they outlive the message. */
export function parseKeyPairReply(body: Buffer): KeyPairReply {
  const reader = new ByteReader(body);
  reader.u32();
  const status = KEY_PAIR_STATUSES[reader.u32()];
  const jsonBytes = reader.u32();
  const publicKeyBytes = reader.u32();
  const json = reader.json(jsonBytes) as Readonly<Record<string, unknown>>;
  const publicKey = Uint8Array.from(reader.bytes(publicKeyBytes));
  const sealed = Uint8Array.from(reader.bytes(body.length - reader.position));
  if (status === undefined) throw new FrameError('reply status');
  if (status !== 'done') return { status, reason: asText(json['reason']) };
  if (publicKey.length === 0 || sealed.length === 0) throw new FrameError('reply without a key');
  return { status, pair: { sealed, publicKey, parameters: asParameters(json['parameters']) } };
}

function asId<T extends KeyId | AccountId>(value: unknown): T {
  const id = typeof value === 'string' ? parseId<T>(value) : undefined;
  if (id === undefined) throw new FrameError('identifier');
  return id;
}

function asText(value: unknown): string {
  if (typeof value !== 'string' || value.length > 255) throw new FrameError('text field');
  return value;
}

function asBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new FrameError('boolean field');
  return value;
}

function asOperations(value: unknown): KeyOperation[] {
  if (!Array.isArray(value) || value.length > KEY_OPERATIONS.length) throw new FrameError('operations');
  return value.map((name: unknown) => {
    const operation = KEY_OPERATIONS.find((known) => known === name);
    if (operation === undefined) throw new FrameError('operations');
    return operation;
  });
}
