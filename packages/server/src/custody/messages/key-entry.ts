/**
 * A key as it stands in a message: what the HTTP process believes about it, and the sealed key (empty for
 * verification). Packed once per key record, copied once per message, and compared as a whole by the cache of the
 * sealed process.
 *
 *     key id 16 | account id 16 | algorithm u8+text | parameters u16+JSON | public key u16+bytes | sealed u32+bytes
 */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { idBytes } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { canonicalParameters } from '../canonical-parameters.ts';
import { FrameError } from '../frames.ts';
import { ByteReader } from './byte-reader.ts';

/** Most bytes of one entry. A sealed key is under 16 KiB for every algorithm that we have. */
export const MAX_KEY_ENTRY_BYTES = 64 * 1024;

export interface KeyEntry {
  /** The whole entry; views of the message, as are all other byte fields. */
  readonly bytes: Buffer;
  readonly keyId: Buffer;
  readonly accountId: Buffer;
  readonly algorithm: string;
  /** Canonical JSON, not parsed. */
  readonly parameters: Buffer;
  readonly publicKey: Buffer;
  readonly sealed: Buffer;
}

/** Packs a record for signing (`sealed` given) or for verifying. Undefined when it is too large for a message. */
export function packKeyEntry(key: KeyRecord, sealed: Uint8Array | undefined): Buffer | undefined {
  const algorithm = Buffer.from(key.algorithm, 'utf8');
  const parameters = canonicalParameters(key.parameters);
  const sealedBytes = sealed ?? new Uint8Array(0);
  const size = 32 + 1 + algorithm.length + 2 + parameters.length + 2 + key.publicKey.length + 4 + sealedBytes.length;
  if (size > MAX_KEY_ENTRY_BYTES || algorithm.length > 0xff) return undefined;
  const lengths = [Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(2), Buffer.alloc(4)] as const;
  lengths[0].writeUInt8(algorithm.length);
  lengths[1].writeUInt16LE(parameters.length);
  lengths[2].writeUInt16LE(key.publicKey.length);
  lengths[3].writeUInt32LE(sealedBytes.length);
  return Buffer.concat([
    idBytes(key.id),
    idBytes(key.accountId),
    lengths[0],
    algorithm,
    lengths[1],
    parameters,
    lengths[2],
    key.publicKey,
    lengths[3],
    sealedBytes,
  ]);
}

/** Parses `count` entries that fill `bytes` exactly. @throws FrameError */
export function parseKeyEntries(bytes: Buffer, count: number): KeyEntry[] {
  const reader = new ByteReader(bytes);
  const entries: KeyEntry[] = [];
  for (let index = 0; index < count; index++) {
    const start = reader.position;
    const keyId = reader.bytes(16);
    const accountId = reader.bytes(16);
    const algorithm = reader.bytes(reader.u8()).toString('utf8');
    const parameters = reader.bytes(reader.u16());
    const publicKey = reader.bytes(reader.u16());
    const sealed = reader.bytes(reader.u32());
    if (reader.position - start > MAX_KEY_ENTRY_BYTES) throw new FrameError('key entry too large');
    entries.push({
      bytes: bytes.subarray(start, reader.position),
      keyId,
      accountId,
      algorithm,
      parameters,
      publicKey,
      sealed,
    });
  }
  reader.end();
  return entries;
}

/** Parameters that came in a message. @throws FrameError unless they are a flat object of numbers and strings */
export function parseParametersField(bytes: Buffer): KeyParameters {
  const value = new ByteReader(bytes).json(bytes.length);
  return asParameters(value);
}

/** @throws FrameError unless `value` is a flat object of at most 16 numbers and strings */
export function asParameters(value: unknown): KeyParameters {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FrameError('parameters');
  const entries = Object.entries(value);
  if (entries.length > 16) throw new FrameError('parameters');
  for (const [, member] of entries) {
    if (typeof member !== 'number' && typeof member !== 'string') throw new FrameError('parameters');
  }
  return Object.fromEntries(entries) as Record<string, number | string>;
}
