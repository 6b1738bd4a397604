/** PKCS#8 of Ed448 private keys (RFC 8410, section 7). */
import { DER_TAGS, DerError, DerReader } from './der.ts';
import { ED448_OID, ED448_PRIVATE_KEY_BYTES } from './ed448-public-key.ts';
import { isObjectIdentifier, readPrivateKeyInfo } from './private-key-info.ts';

/** Views of the input, which the caller wipes. */
export interface Ed448PrivateKey {
  /** 57 bytes. */
  readonly privateKey: Uint8Array;
  /** Where the encoding has it; whether it belongs to the private key isn't checked. */
  readonly publicKey: Uint8Array | undefined;
}

/** @throws DerError for anything but one well-formed key */
export function readEd448PrivateKey(encoded: Uint8Array): Ed448PrivateKey {
  const info = readPrivateKeyInfo(encoded);
  if (!isObjectIdentifier(info.algorithm, ED448_OID)) throw new DerError('the key is of another algorithm');
  if (info.parameters.length > 0) throw new DerError('the algorithm has no parameters');
  // CurvePrivateKey, an OCTET STRING inside the OCTET STRING.
  const wrapped = new DerReader(info.privateKey);
  const privateKey = wrapped.read(DER_TAGS.octetString);
  wrapped.end();
  if (privateKey.length !== ED448_PRIVATE_KEY_BYTES) throw new DerError('the private key must have 57 bytes');
  return { privateKey, publicKey: info.publicKey };
}
