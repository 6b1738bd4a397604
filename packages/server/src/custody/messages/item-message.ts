/**
 * The request that carries items: `sign` (payloads) and `verify` (payloads and signatures). One buffer, a table of
 * fixed width, no object per item on either side.
 *
 *     request id u32 | batch id f64 | first item u32 | items u32 | keys u32 | key bytes u32 | scheme bytes u32
 *     | payload bytes u32 | signature bytes u32
 *     | items * (key u16, scheme u16, payload length u32, signature length u32)
 *     | key entries | schemes as a JSON array | payloads | signatures
 *
 * The numbers of a message are indexes into its own lists of keys and schemes.
 */
import type { Scheme } from '@countersign/algorithms/algorithm';
import { allocateFrame, FRAME_HEADER_BYTES, FrameError, type FrameType, MAX_MESSAGE_ITEMS } from '../frames.ts';
import { ByteReader } from './byte-reader.ts';
import { type KeyEntry, parseKeyEntries } from './key-entry.ts';

const FIXED_BYTES = 40;
export const ITEM_STRIDE = 12;
const MAX_SCHEMES_BYTES = 256 * 1024;
const NO_BYTES = new Uint8Array(0);

/** A message as the sealed process sees it: every offset and index in it has been checked. */
export interface ItemMessage {
  readonly requestId: number;
  readonly batchId: number;
  readonly firstItem: number;
  readonly itemCount: number;
  readonly keys: readonly KeyEntry[];
  readonly schemes: readonly Scheme[];
  /** `ITEM_STRIDE` bytes for each item. */
  readonly table: Buffer;
  readonly payloads: Buffer;
  readonly signatures: Buffer;
}

/** What goes into one message. Items are `first` (inclusive) to `end` (exclusive) of the arrays. */
export interface ItemMessageSource {
  readonly batchId: number;
  readonly first: number;
  readonly end: number;
  readonly keys: readonly Uint8Array[];
  /** Each one the JSON text of a scheme. */
  readonly schemes: readonly string[];
  /** Index into `keys` and `schemes`, for the item at `first + i`. */
  readonly keyIndexes: Uint16Array;
  readonly schemeIndexes: Uint16Array;
  readonly items: readonly { readonly bytes: Uint8Array; readonly signature?: Uint8Array }[];
}

/** Packs a message; `requestId` is written later by `setRequestId`. */
export function packItemMessage(type: FrameType, source: ItemMessageSource): Buffer {
  const { items, first, end, keys } = source;
  const count = end - first;
  const schemes = Buffer.from(`[${source.schemes.join(',')}]`, 'utf8');
  let keyBytes = 0;
  for (const key of keys) keyBytes += key.length;
  let payloadBytes = 0;
  let signatureBytes = 0;
  for (let index = first; index < end; index++) {
    // biome-ignore lint/style/noNonNullAssertion: first and end are bounds of items
    const item = items[index]!;
    payloadBytes += item.bytes.length;
    if (item.signature !== undefined) signatureBytes += item.signature.length;
  }
  const tableBytes = count * ITEM_STRIDE;
  const frame = allocateFrame(
    type,
    FIXED_BYTES + tableBytes + keyBytes + schemes.length + payloadBytes + signatureBytes,
  );
  frame.writeUInt32LE(0, FRAME_HEADER_BYTES);
  frame.writeDoubleLE(source.batchId, FRAME_HEADER_BYTES + 4);
  frame.writeUInt32LE(first, FRAME_HEADER_BYTES + 12);
  frame.writeUInt32LE(count, FRAME_HEADER_BYTES + 16);
  frame.writeUInt32LE(keys.length, FRAME_HEADER_BYTES + 20);
  frame.writeUInt32LE(keyBytes, FRAME_HEADER_BYTES + 24);
  frame.writeUInt32LE(schemes.length, FRAME_HEADER_BYTES + 28);
  frame.writeUInt32LE(payloadBytes, FRAME_HEADER_BYTES + 32);
  frame.writeUInt32LE(signatureBytes, FRAME_HEADER_BYTES + 36);

  let entry = FRAME_HEADER_BYTES + FIXED_BYTES;
  let keyAt = entry + tableBytes;
  for (const key of keys) {
    frame.set(key, keyAt);
    keyAt += key.length;
  }
  frame.set(schemes, keyAt);
  let payloadAt = keyAt + schemes.length;
  let signatureAt = payloadAt + payloadBytes;
  for (let index = first; index < end; index++) {
    // biome-ignore lint/style/noNonNullAssertion: first and end are bounds of items
    const item = items[index]!;
    const payload = item.bytes;
    const signature = item.signature ?? NO_BYTES;
    const key = source.keyIndexes[index - first] ?? 0;
    const scheme = source.schemeIndexes[index - first] ?? 0;
    const payloadLength = payload.length;
    const signatureLength = signature.length;
    frame[entry] = key;
    frame[entry + 1] = key >> 8;
    frame[entry + 2] = scheme;
    frame[entry + 3] = scheme >> 8;
    frame[entry + 4] = payloadLength;
    frame[entry + 5] = payloadLength >> 8;
    frame[entry + 6] = payloadLength >> 16;
    frame[entry + 7] = payloadLength >> 24;
    frame[entry + 8] = signatureLength;
    frame[entry + 9] = signatureLength >> 8;
    frame[entry + 10] = signatureLength >> 16;
    frame[entry + 11] = signatureLength >> 24;
    entry += ITEM_STRIDE;
    frame.set(payload, payloadAt);
    payloadAt += payloadLength;
    if (signatureLength > 0) frame.set(signature, signatureAt);
    signatureAt += signatureLength;
  }
  return frame;
}

/** Numbers a packed request; the pool does so when it sends it. */
export function setRequestId(frame: Buffer, requestId: number): void {
  frame.writeUInt32LE(requestId, FRAME_HEADER_BYTES);
}

/** Parses and checks all of a message. @throws FrameError */
export function parseItemMessage(body: Buffer): ItemMessage {
  const reader = new ByteReader(body);
  const requestId = reader.u32();
  const batchId = reader.safeInteger();
  const firstItem = reader.u32();
  const itemCount = reader.u32();
  const keyCount = reader.u32();
  const keyBytes = reader.u32();
  const schemesBytes = reader.u32();
  const payloadBytes = reader.u32();
  const signatureBytes = reader.u32();
  if (itemCount < 1 || itemCount > MAX_MESSAGE_ITEMS) throw new FrameError('number of items');
  if (keyCount < 1 || keyCount > itemCount) throw new FrameError('number of keys');
  if (schemesBytes > MAX_SCHEMES_BYTES) throw new FrameError('schemes too large');
  const table = reader.bytes(itemCount * ITEM_STRIDE);
  const keys = parseKeyEntries(reader.bytes(keyBytes), keyCount);
  const schemes = asSchemes(reader.json(schemesBytes), itemCount);
  const payloads = reader.bytes(payloadBytes);
  const signatures = reader.bytes(signatureBytes);
  reader.end();

  let payloadSum = 0;
  let signatureSum = 0;
  for (let entry = 0; entry < table.length; entry += ITEM_STRIDE) {
    if (table.readUInt16LE(entry) >= keyCount || table.readUInt16LE(entry + 2) >= schemes.length)
      throw new FrameError('item index');
    payloadSum += table.readUInt32LE(entry + 4);
    signatureSum += table.readUInt32LE(entry + 8);
  }
  if (payloadSum !== payloadBytes || signatureSum !== signatureBytes) throw new FrameError('item lengths');
  return { requestId, batchId, firstItem, itemCount, keys, schemes, table, payloads, signatures };
}

/** Flat objects only; what their members mean is for the engine, which refuses what it doesn't know. */
function asSchemes(value: object, itemCount: number): Scheme[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > itemCount) throw new FrameError('schemes');
  for (const scheme of value as unknown[]) {
    if (typeof scheme !== 'object' || scheme === null || Array.isArray(scheme)) throw new FrameError('scheme');
    for (const member of Object.values(scheme)) {
      if (typeof member !== 'string' && typeof member !== 'number' && typeof member !== 'boolean')
        throw new FrameError('scheme');
    }
  }
  return value as Scheme[];
}
