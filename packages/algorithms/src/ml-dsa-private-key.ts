/** PKCS#8 of ML-DSA private keys (RFC 9881, section 6). */
import { DER_TAGS, DerError, DerReader } from './der.ts';
import { ML_DSA_SEED_BYTES, type MlDsaParameterSet } from './ml-dsa-parameter-sets.ts';
import { isObjectIdentifier, readPrivateKeyInfo } from './private-key-info.ts';

/** Views of the input, which the caller wipes. Nothing is checked to belong to the seed. */
export interface MlDsaPrivateKey {
  readonly seed: Uint8Array;
  readonly expandedKey: Uint8Array | undefined;
  readonly publicKey: Uint8Array | undefined;
}

/** @throws DerError for anything but one well-formed key that has its seed */
export function readMlDsaPrivateKey(encoded: Uint8Array, set: MlDsaParameterSet): MlDsaPrivateKey {
  const info = readPrivateKeyInfo(encoded);
  if (!isObjectIdentifier(info.algorithm, set.oid)) throw new DerError('the key is of another algorithm');
  if (info.parameters.length > 0) throw new DerError('the algorithm has no parameters');
  const { seed, expandedKey } = readChoice(new DerReader(info.privateKey));
  if (seed.length !== ML_DSA_SEED_BYTES) throw new DerError('the seed must have 32 bytes');
  if (expandedKey !== undefined && expandedKey.length !== set.expandedKeyBytes) {
    throw new DerError('the expanded key has the wrong length');
  }
  return { seed, expandedKey, publicKey: info.publicKey };
}

function readChoice(choice: DerReader): { readonly seed: Uint8Array; readonly expandedKey: Uint8Array | undefined } {
  switch (choice.peekTag()) {
    case DER_TAGS.implicit0: {
      const seed = choice.read(DER_TAGS.implicit0);
      choice.end();
      return { seed, expandedKey: undefined };
    }
    case DER_TAGS.sequence: {
      const both = choice.enter(DER_TAGS.sequence);
      choice.end();
      const seed = both.read(DER_TAGS.octetString);
      const expandedKey = both.read(DER_TAGS.octetString);
      both.end();
      return { seed, expandedKey };
    }
    default:
      // An expanded key alone can't be checked against its public half as well as a seed, nor stored as one.
      throw new DerError('the key has no seed; keys that hold the expanded form only are not supported');
  }
}
