/**
 * The import key, and export; their answer is the same.
 *
 *     import key request = request id u32
 *     export request     = request id u32 | recipient 32 | key entry
 *     reply              = request id u32 | status u32 | 32 bytes | the rest
 *
 * Done: the 32 bytes are a public key, the server's own without a rest, or the encapsulated one with the ciphertext as the
 * rest. Otherwise they are zero, and the rest is the reason.
 */
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../frames.ts';
import { ByteReader } from './byte-reader.ts';
import { type KeyEntry, parseKeyEntries } from './key-entry.ts';
import { KEY_PAIR_STATUSES, type KeyPairStatus } from './key-pair-message.ts';

/** X25519. */
export const PUBLIC_KEY_BYTES = 32;
const MAX_REASON_BYTES = 200;

export type TransferReply =
  | { readonly status: 'done'; readonly publicKey: Uint8Array; readonly ciphertext: Uint8Array }
  | { readonly status: Exclude<KeyPairStatus, 'done'>; readonly reason: string };

export function packImportKeyRequest(): Buffer {
  const frame = allocateFrame(FRAME_TYPES.importPublicKey, 4);
  frame.writeUInt32LE(0, FRAME_HEADER_BYTES);
  return frame;
}

/** @throws FrameError */
export function parseImportKeyRequest(body: Buffer): { readonly requestId: number } {
  const reader = new ByteReader(body);
  const requestId = reader.u32();
  reader.end();
  return { requestId };
}

/** `recipient`: 32 bytes. */
export function packExportRequest(recipient: Uint8Array, key: Uint8Array): Buffer {
  const frame = allocateFrame(FRAME_TYPES.exportEncrypted, 4 + PUBLIC_KEY_BYTES + key.length);
  frame.writeUInt32LE(0, FRAME_HEADER_BYTES);
  frame.set(recipient, FRAME_HEADER_BYTES + 4);
  frame.set(key, FRAME_HEADER_BYTES + 4 + PUBLIC_KEY_BYTES);
  return frame;
}

/** @throws FrameError */
export function parseExportRequest(body: Buffer): {
  readonly requestId: number;
  readonly recipient: Buffer;
  readonly key: KeyEntry;
} {
  const reader = new ByteReader(body);
  const requestId = reader.u32();
  const recipient = reader.bytes(PUBLIC_KEY_BYTES);
  const [key] = parseKeyEntries(body.subarray(reader.position), 1);
  if (key === undefined) throw new FrameError('key');
  return { requestId, recipient, key };
}

export function packTransferReply(requestId: number, reply: TransferReply): Buffer {
  const isDone = reply.status === 'done';
  const rest = isDone ? reply.ciphertext : Buffer.from(reply.reason, 'utf8').subarray(0, MAX_REASON_BYTES);
  const frame = allocateFrame(FRAME_TYPES.transferReply, 8 + PUBLIC_KEY_BYTES + rest.length);
  frame.writeUInt32LE(requestId, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(KEY_PAIR_STATUSES.indexOf(reply.status), FRAME_HEADER_BYTES + 4);
  frame.set(isDone ? reply.publicKey : new Uint8Array(PUBLIC_KEY_BYTES), FRAME_HEADER_BYTES + 8);
  frame.set(rest, FRAME_HEADER_BYTES + 8 + PUBLIC_KEY_BYTES);
  return frame;
}

/** @throws FrameError. What it gives are copies: they outlive the message. */
export function parseTransferReply(body: Buffer): TransferReply {
  const reader = new ByteReader(body);
  reader.u32();
  const status = KEY_PAIR_STATUSES[reader.u32()];
  const publicKey = Uint8Array.from(reader.bytes(PUBLIC_KEY_BYTES));
  const rest = reader.bytes(body.length - reader.position);
  if (status === undefined) throw new FrameError('reply status');
  if (status === 'done') return { status, publicKey, ciphertext: Uint8Array.from(rest) };
  if (rest.length > MAX_REASON_BYTES) throw new FrameError('reason');
  return { status, reason: rest.toString('utf8') };
}
