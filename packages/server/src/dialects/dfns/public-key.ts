/** Public keys on this wire: hexadecimal without `0x`, since chain libraries put one before it themselves. */
const UNCOMPRESSED_BYTES = 65;

/**
 * secp256k1 and stark: the compressed point, 33 bytes (for stark undocumented, and the same rule here); Ed25519: 32
 * bytes; Schnorr: the x-only key of BIP340, 32 bytes (undocumented as well).
 */
export function writePublicKey(publicKey: Uint8Array): string {
  if (publicKey.length !== UNCOMPRESSED_BYTES) return Buffer.from(publicKey).toString('hex');
  const isOdd = ((publicKey[UNCOMPRESSED_BYTES - 1] ?? 0) & 1) === 1;
  return `${isOdd ? '03' : '02'}${Buffer.from(publicKey.subarray(1, 33)).toString('hex')}`;
}
