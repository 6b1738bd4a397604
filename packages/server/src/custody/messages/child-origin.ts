/**
 * What a child is made from:
 *
 *     indices u8 | indices * index u32 | the parent's key entry
 */
import { FrameError } from '../frames.ts';
import { ByteReader } from './byte-reader.ts';
import { type KeyEntry, parseKeyEntries } from './key-entry.ts';

const MAX_INDICES = 16;

/** Undefined when there are too many indices. */
export function packChildOrigin(path: readonly number[], parent: Uint8Array): Buffer | undefined {
  if (path.length > MAX_INDICES) return undefined;
  const head = Buffer.alloc(1 + 4 * path.length);
  head.writeUInt8(path.length);
  path.forEach((index, place) => {
    head.writeUInt32LE(index, 1 + 4 * place);
  });
  return Buffer.concat([head, parent]);
}

/** @throws FrameError. Whether the indices make a path is left to the engine. */
export function parseChildOrigin(bytes: Buffer): { readonly path: readonly number[]; readonly parent: KeyEntry } {
  const reader = new ByteReader(bytes);
  const count = reader.u8();
  if (count > MAX_INDICES) throw new FrameError('derivation path');
  const path = Array.from({ length: count }, () => reader.u32());
  const [parent] = parseKeyEntries(bytes.subarray(reader.position), 1);
  if (parent === undefined) throw new FrameError('parent');
  return { path, parent };
}
