/** OSSL_PARAM arrays: OpenSSL's way to pass named values in. See core.h: key, type, data, size, return size. */
import type { Libcrypto } from './libcrypto.ts';

export type OsslParam =
  | { readonly key: string; readonly text: string }
  /** Below 2^31, and not negative. */
  | { readonly key: string; readonly int: number }
  /** Below 2^32. */
  | { readonly key: string; readonly unsignedInt: number }
  /** Public bytes. */
  | { readonly key: string; readonly octets: Uint8Array }
  /** Pointed to, not copied: see `encodeOsslParams`. Not empty. */
  | { readonly key: string; readonly secretOctets: Uint8Array }
  /** An unsigned integer of any size in the machine's order, which is little-endian. Pointed to, not copied. */
  | { readonly key: string; readonly littleEndian: Uint8Array };

const INTEGER = 1;
const UNSIGNED_INTEGER = 2;
const UTF8_STRING = 4;
const OCTET_STRING = 5;

const ENTRY_BYTES = 40;
const UNMODIFIED = 0xffff_ffff_ffff_ffffn;

/**
 * Builds an array that ends with the terminating entry; names and public values lie behind it in the same memory.
 * `secretOctets` and `littleEndian` are pointed to, so that secrets aren't copied: what they hold when OpenSSL is
 * called is what it reads, and the caller keeps them alive until then (for instance by wiping them afterwards).
 */
export function encodeOsslParams(libcrypto: Libcrypto, params: readonly OsslParam[]): Uint8Array {
  const tableBytes = (params.length + 1) * ENTRY_BYTES;
  const inlineBytes = params.reduce((sum, param) => sum + param.key.length + 1 + inlineLength(param), 0);
  // A plain ArrayBuffer lies outside V8's heap from the start, so that its address is final.
  const memory = new Uint8Array(new ArrayBuffer(tableBytes + inlineBytes));
  const view = new DataView(memory.buffer);
  const base = libcrypto.addressOf(memory);
  let free = tableBytes;
  const store = (bytes: Uint8Array): bigint => {
    memory.set(bytes, free);
    free += bytes.length;
    return base + BigInt(free - bytes.length);
  };

  params.forEach((param, index) => {
    const at = index * ENTRY_BYTES;
    const value = describeValue(param);
    view.setBigUint64(at, store(cString(param.key)), true);
    view.setUint32(at + 8, value.type, true);
    view.setBigUint64(at + 16, value.isInline ? store(value.data) : libcrypto.addressOf(value.data), true);
    view.setBigUint64(at + 24, BigInt(value.size), true);
    view.setBigUint64(at + 32, UNMODIFIED, true);
  });
  return memory;
}

interface Value {
  readonly type: number;
  readonly data: Uint8Array;
  readonly size: number;
  readonly isInline: boolean;
}

function describeValue(param: OsslParam): Value {
  if ('text' in param) {
    return { type: UTF8_STRING, data: cString(param.text), size: param.text.length, isInline: true };
  }
  if ('int' in param) return { type: INTEGER, data: int32(param.int), size: 4, isInline: true };
  if ('unsignedInt' in param)
    return { type: UNSIGNED_INTEGER, data: int32(param.unsignedInt), size: 4, isInline: true };
  if ('octets' in param) return { type: OCTET_STRING, data: param.octets, size: param.octets.length, isInline: true };
  if ('secretOctets' in param) {
    return { type: OCTET_STRING, data: param.secretOctets, size: param.secretOctets.length, isInline: false };
  }
  return { type: UNSIGNED_INTEGER, data: param.littleEndian, size: param.littleEndian.length, isInline: false };
}

function inlineLength(param: OsslParam): number {
  const value = describeValue(param);
  return value.isInline ? value.data.length : 0;
}

/** ASCII with the zero that ends it. */
function cString(text: string): Uint8Array {
  return Uint8Array.from([...text, '\0'], (character) => character.charCodeAt(0));
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
