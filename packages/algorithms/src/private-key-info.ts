/** PKCS#8 PrivateKeyInfo and its version 2, OneAsymmetricKey (RFC 5958, section 2). */
import { DER_TAGS, DerError, DerReader, encodeObjectIdentifier, wholeBytes } from './der.ts';

/** Views of the input: nothing secret is copied. */
export interface PrivateKeyInfo {
  /** DER of the algorithm's identifier, tag and length included. */
  readonly algorithm: Uint8Array;
  /** What follows the identifier: DER of the parameters, or empty. */
  readonly parameters: Uint8Array;
  /** Contents of the privateKey OCTET STRING. */
  readonly privateKey: Uint8Array;
  /** The public key of version 2, if it has one. */
  readonly publicKey: Uint8Array | undefined;
}

/** @throws DerError for anything but one well-formed structure, attributes included */
export function readPrivateKeyInfo(encoded: Uint8Array): PrivateKeyInfo {
  const outer = new DerReader(encoded);
  const info = outer.enter(DER_TAGS.sequence);
  outer.end();
  const version = info.readSmallInteger();
  if (version > 1) throw new DerError('the version of the private key is unknown');
  const identifier = info.read(DER_TAGS.sequence);
  const oid = new DerReader(identifier).read(DER_TAGS.objectIdentifier);
  const oidBytes = oid.byteOffset + oid.length - identifier.byteOffset;
  const privateKey = info.read(DER_TAGS.octetString);
  info.readOptional(DER_TAGS.context0);
  const publicKey = version === 1 ? info.readOptional(DER_TAGS.implicit1) : undefined;
  info.end();
  return {
    algorithm: identifier.subarray(0, oidBytes),
    parameters: identifier.subarray(oidBytes),
    privateKey,
    publicKey: publicKey === undefined ? undefined : wholeBytes(publicKey),
  };
}

/** Whether `encoded` is tag, length and contents of this identifier. */
export function isObjectIdentifier(encoded: Uint8Array, dotted: string): boolean {
  return equalBytes(encoded, encodeObjectIdentifier(dotted));
}

/** Compares public bytes; not for secrets, since its time depends on where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
