/** 4 bytes, most significant first. @throws RangeError for anything but an integer from 0 to 2^32 - 1 */
export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
