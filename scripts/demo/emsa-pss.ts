/** EMSA-PSS verification (RFC 8017, section 9.1.2), for pairs of hashes that Node's own PSS doesn't take. */
import { hash } from 'node:crypto';

/**
 * @param encoded the message representative, as long as the modulus, whose bits are a multiple of eight
 * @param digest the hash of the message by `digestName`; the salt has its length
 */
export function verifyEmsaPss(encoded: Buffer, digest: Buffer, digestName: string, mgf1Name: string): boolean {
  const maskedLength = encoded.length - digest.length - 1;
  if (encoded.at(-1) !== 0xbc || maskedLength < digest.length + 2) return false;
  const h = encoded.subarray(maskedLength, encoded.length - 1);
  const mask = mgf1(h, maskedLength, mgf1Name);
  const block = Buffer.alloc(maskedLength);
  for (let i = 0; i < maskedLength; i++) block[i] = (encoded[i] ?? 0) ^ (mask[i] ?? 0);
  // The modulus has a whole number of bytes, so the representative is one bit shorter.
  if (((encoded[0] ?? 0) & 0x80) !== 0) return false;
  block[0] = (block[0] ?? 0) & 0x7f;
  const saltStart = maskedLength - digest.length;
  const padding = Buffer.alloc(saltStart);
  padding[saltStart - 1] = 1;
  if (!block.subarray(0, saltStart).equals(padding)) return false;
  const salt = block.subarray(saltStart);
  return hash(digestName, Buffer.concat([Buffer.alloc(8), digest, salt]), 'buffer').equals(h);
}

function mgf1(seed: Buffer, length: number, name: string): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter++) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(counter);
    const part = hash(name, Buffer.concat([seed, index]), 'buffer');
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}
