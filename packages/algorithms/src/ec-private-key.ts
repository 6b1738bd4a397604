/**
 * Private keys of the Weierstrass curves in DER: SEC1 (RFC 5915, section 3) and PKCS#8 (RFC 5958; RFC 5480 for the
 * algorithm). Only named curves: explicit parameters are a known way to smuggle in a weak group.
 */
import { DER_TAGS, DerError, DerReader, encodeObjectIdentifier } from './der.ts';
import { equalBytes, isObjectIdentifier, readPrivateKeyInfo } from './private-key-info.ts';
import type { WeierstrassCurve } from './weierstrass-curves.ts';

/** Views of the input, which the caller wipes. Neither width and range nor the matching public half is checked. */
export interface EcPrivateKey {
  /** Big-endian. */
  readonly scalar: Uint8Array;
  /** A SEC 1 point, compressed or not, where the encoding has one. */
  readonly publicKey: Uint8Array | undefined;
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/** @throws DerError for anything but one SEC1 or PKCS#8 structure of this curve */
export function readEcPrivateKey(encoded: Uint8Array, curve: WeierstrassCurve): EcPrivateKey {
  // Both begin with a version. What follows tells them apart: an OCTET STRING in SEC1, a SEQUENCE in PKCS#8.
  const outer = new DerReader(encoded);
  const probe = outer.enter(DER_TAGS.sequence);
  outer.end();
  probe.readSmallInteger();
  return probe.peekTag() === DER_TAGS.sequence ? readPkcs8(encoded, curve) : readSec1(encoded, curve);
}

function readPkcs8(encoded: Uint8Array, curve: WeierstrassCurve): EcPrivateKey {
  const info = readPrivateKeyInfo(encoded);
  if (!isObjectIdentifier(info.algorithm, EC_PUBLIC_KEY)) throw new DerError('the key is of another algorithm');
  if (!equalBytes(info.parameters, encodeObjectIdentifier(curve.oid)))
    throw new DerError('the key is of another curve');
  const key = readSec1(info.privateKey, curve);
  if (info.publicKey === undefined) return key;
  // The encoding may carry the public key twice; both must then say the same.
  if (key.publicKey !== undefined && !equalBytes(key.publicKey, info.publicKey)) {
    throw new DerError('the encoding has two different public keys');
  }
  return { scalar: key.scalar, publicKey: info.publicKey };
}

function readSec1(encoded: Uint8Array, curve: WeierstrassCurve): EcPrivateKey {
  const outer = new DerReader(encoded);
  const key = outer.enter(DER_TAGS.sequence);
  outer.end();
  if (key.readSmallInteger() !== 1) throw new DerError('the version of the private key is unknown');
  const scalar = key.read(DER_TAGS.octetString);
  const parameters = key.readOptional(DER_TAGS.context0);
  if (parameters !== undefined && !equalBytes(parameters, encodeObjectIdentifier(curve.oid))) {
    throw new DerError('the key is of another curve');
  }
  const wrapped = key.readOptional(DER_TAGS.context1);
  key.end();
  if (wrapped === undefined) return { scalar, publicKey: undefined };
  const reader = new DerReader(wrapped);
  const publicKey = reader.readBitString();
  reader.end();
  return { scalar, publicKey };
}
