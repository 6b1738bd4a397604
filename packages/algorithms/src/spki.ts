import { DER_TAGS, encodeDer, encodeObjectIdentifier } from './der.ts';

/**
 * SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
 *
 * @param algorithm dotted object identifier
 * @param parameters DER of the algorithm's parameters; empty where its specification says that they are absent
 * @param publicKey contents of the BIT STRING
 */
export function encodeSubjectPublicKeyInfo(
  algorithm: string,
  parameters: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  return encodeDer(
    DER_TAGS.sequence,
    encodeDer(DER_TAGS.sequence, encodeObjectIdentifier(algorithm), parameters),
    encodeDer(DER_TAGS.bitString, Uint8Array.of(0), publicKey),
  );
}
