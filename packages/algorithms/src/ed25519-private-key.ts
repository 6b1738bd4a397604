/** PKCS#8 of Ed25519 private keys (RFC 8410, section 7): version 0, the usual 48 bytes, and 1 with the public key. */
import { DER_TAGS, DerError, DerReader } from './der.ts';
import { EngineFailure } from './engine.ts';
import { isObjectIdentifier, readPrivateKeyInfo } from './private-key-info.ts';

export interface Ed25519PrivateKey {
  /** 32 bytes; a view of the input, which the caller wipes. */
  readonly seed: Uint8Array;
  /** Where the encoding has it. The engine must check that it belongs to the seed. */
  readonly publicKey: Uint8Array | undefined;
}

const OID = '1.3.101.112';
const SEED_BYTES = 32;

/** @throws EngineFailure `invalid_key` */
export function readEd25519PrivateKey(encoded: Uint8Array): Ed25519PrivateKey {
  try {
    const info = readPrivateKeyInfo(encoded);
    if (!isObjectIdentifier(info.algorithm, OID)) throw new DerError('the key is of another algorithm');
    if (info.parameters.length > 0) throw new DerError('the algorithm has no parameters');
    // RFC 8410: CurvePrivateKey, an OCTET STRING inside the OCTET STRING.
    const wrapped = new DerReader(info.privateKey);
    const seed = wrapped.read(DER_TAGS.octetString);
    wrapped.end();
    if (seed.length !== SEED_BYTES) throw new DerError('the private key must have 32 bytes');
    return { seed, publicKey: info.publicKey };
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a PKCS#8 Ed25519 private key: ${cause.message}`, { cause });
  }
}
