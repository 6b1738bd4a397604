/**
 * A private key as it leaves: PKCS#8 (RFC 5958) where its algorithm has an identifier, otherwise its bytes. What is inside
 * the PKCS#8 follows from the identifier, which is taken from the algorithm's own SubjectPublicKeyInfo.
 */
import type { Algorithm, KeyParameters } from '@countersign/algorithms/algorithm';
import { DER_TAGS, DerReader } from '@countersign/algorithms/der';
import { isObjectIdentifier } from '@countersign/algorithms/private-key-info';
import { allocateSecret, copySecret } from '@countersign/algorithms/secret-memory';

export interface StoredKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly parameters: KeyParameters;
}

/** What stands before and after the private key's bytes. */
interface Envelope {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const VERSION_0 = Uint8Array.of(DER_TAGS.integer, 1, 0);
const VERSION_1 = Uint8Array.of(DER_TAGS.integer, 1, 1);

const octets = (bytes: number): Envelope => ({ before: header(DER_TAGS.octetString, bytes), after: NOTHING });

/** By the identifier of the algorithm: how a key of so many bytes stands inside the OCTET STRING. */
const CONTENTS: readonly (readonly [string, (bytes: number, publicKey: Uint8Array) => Envelope])[] = [
  // RSA: RFC 8017, appendix A.1.2; the stored form is PKCS#1 already.
  ['1.2.840.113549.1.1.1', () => ({ before: NOTHING, after: NOTHING })],
  // EC: RFC 5915, section 3.
  ['1.2.840.10045.2.1', ecPrivateKey],
  // Ed25519 and Ed448: RFC 8410, section 7.
  ['1.3.101.112', octets],
  ['1.3.101.113', octets],
  // ML-DSA: RFC 9881, section 6, the seed.
  ['2.16.840.1.101.3.4.3.17', seed],
  ['2.16.840.1.101.3.4.3.18', seed],
  ['2.16.840.1.101.3.4.3.19', seed],
];

/** In locked memory; the caller frees it. Undefined for an identifier that isn't known here. */
export function encodePrivateKey(algorithm: Algorithm, key: StoredKey): Buffer | undefined {
  const spki = algorithm.encodeSpki(key.publicKey, key.parameters);
  if (spki === undefined) return copySecret(key.privateKey);
  const identifier = new DerReader(spki).enter(DER_TAGS.sequence).read(DER_TAGS.sequence);
  const oidBytes = 2 + (identifier[1] ?? 0);
  const [, contentsOf] = CONTENTS.find(([oid]) => isObjectIdentifier(identifier.subarray(0, oidBytes), oid)) ?? [];
  if (contentsOf === undefined) return undefined;
  const bytes = key.privateKey.length;
  const { before, after } = wrap(contentsOf(bytes, key.publicKey), bytes, [
    VERSION_0,
    header(DER_TAGS.sequence, identifier.length),
    identifier,
  ]);
  const encoded = allocateSecret(before.length + bytes + after.length);
  encoded.set(before);
  encoded.set(key.privateKey, before.length);
  encoded.set(after, before.length + bytes);
  return encoded;
}

/** SEQUENCE { fields, OCTET STRING { inner } }. */
function wrap(inner: Envelope, bytes: number, fields: readonly Uint8Array[]): Envelope {
  const innerBytes = inner.before.length + bytes + inner.after.length;
  const contents = Buffer.concat([...fields, header(DER_TAGS.octetString, innerBytes), inner.before]);
  const total = contents.length + bytes + inner.after.length;
  return { before: Buffer.concat([header(DER_TAGS.sequence, total), contents]), after: inner.after };
}

function ecPrivateKey(bytes: number, publicKey: Uint8Array): Envelope {
  const bits = Buffer.concat([header(DER_TAGS.bitString, publicKey.length + 1), Uint8Array.of(0), publicKey]);
  const after = Buffer.concat([header(DER_TAGS.context1, bits.length), bits]);
  const before = Buffer.concat([VERSION_1, header(DER_TAGS.octetString, bytes)]);
  return { before: Buffer.concat([header(DER_TAGS.sequence, before.length + bytes + after.length), before]), after };
}

function seed(bytes: number): Envelope {
  return { before: header(DER_TAGS.implicit0, bytes), after: NOTHING };
}

/** Tag and length in DER. */
function header(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  if (length < 0x100) return Uint8Array.of(tag, 0x81, length);
  return Uint8Array.of(tag, 0x82, length >> 8, length & 0xff);
}
