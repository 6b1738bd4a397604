/** Keys on secp256k1 that are points: how they are made, imported and checked, whatever they are used for. */
import { DerError } from '../../der.ts';
import { type EcPrivateKey, readEcPrivateKey } from '../../ec-private-key.ts';
import { EngineFailure, type KeyMaterial } from '../../engine.ts';
import type { FillRandom } from '../../kernel-randomness.ts';
import { copySecret, freeSecret } from '../../secret-memory.ts';
import { WEIERSTRASS_CURVES } from '../../weierstrass-curves.ts';
import { SCALAR_BYTES } from './group-order.ts';
import { generateScalar } from './private-scalar.ts';
import type { ScalarFunctions } from './scalar-functions.ts';

export const POINT_BYTES = 65;
const COMPRESSED_BYTES = 33;
const UNCOMPRESSED = 0x04;

export interface EcKeys {
  /** 65 bytes, of a valid scalar. */
  readonly publicKeyOf: (scalar: Buffer) => Buffer;
  /** A copy in locked memory. @throws EngineFailure `invalid_key` for what isn't 32 bytes from 1 to n - 1 */
  readonly copyScalar: (privateKey: Uint8Array) => Buffer;
  readonly generate: () => KeyMaterial;
  /** SEC1 or PKCS#8. @throws EngineFailure `invalid_key` */
  readonly importPrivate: (encoded: Uint8Array) => KeyMaterial;
}

export function createEcKeys(functions: ScalarFunctions, fillRandom: FillRandom): EcKeys {
  function publicKeyOf(scalar: Buffer): Buffer {
    const point = Buffer.alloc(POINT_BYTES);
    functions.writePublicKey(scalar, point);
    return point;
  }

  function copyScalar(privateKey: Uint8Array): Buffer {
    if (privateKey.length !== SCALAR_BYTES) throw new EngineFailure('invalid_key', 'a private key has 32 bytes');
    const scalar = copySecret(privateKey);
    if (functions.isPrivateKey(scalar)) return scalar;
    freeSecret(scalar);
    throw new EngineFailure('invalid_key', 'the private key is out of range');
  }

  function importPrivate(encoded: Uint8Array): KeyMaterial {
    const decoded = parsePrivateKey(encoded);
    const scalar = copyScalar(decoded.scalar);
    const publicKey = publicKeyOf(scalar);
    if (decoded.publicKey !== undefined && !isEncodingOf(decoded.publicKey, publicKey)) {
      freeSecret(scalar);
      throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
    }
    return { privateKey: scalar, publicKey, parameters: {} };
  }

  return {
    publicKeyOf,
    copyScalar,
    generate: () => {
      const scalar = generateScalar(functions.isPrivateKey, fillRandom);
      return { privateKey: scalar, publicKey: publicKeyOf(scalar), parameters: {} };
    },
    importPrivate,
  };
}

/**
 * A point in the library's own form.
 * @param parse gives undefined for what isn't a point
 * @throws EngineFailure `invalid_key` for anything but an uncompressed point of the curve
 */
export function parsePublicKey(publicKey: Buffer, parse: (point65: Buffer) => Buffer | undefined): Buffer {
  if (publicKey.length !== POINT_BYTES || publicKey[0] !== UNCOMPRESSED) {
    throw new EngineFailure('invalid_key', 'a public key is an uncompressed point of 65 bytes');
  }
  const parsed = parse(publicKey);
  if (parsed === undefined) throw new EngineFailure('invalid_key', 'not a point of secp256k1');
  return parsed;
}

function parsePrivateKey(encoded: Uint8Array): EcPrivateKey {
  try {
    const key = readEcPrivateKey(encoded, WEIERSTRASS_CURVES.secp256k1);
    if (key.scalar.length !== SCALAR_BYTES) throw new DerError('the private key must have 32 bytes');
    return key;
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a SEC1 or PKCS#8 key of secp256k1: ${cause.message}`, { cause });
  }
}

/** Whether a SEC 1 point, compressed or not, is the same as an uncompressed one. */
function isEncodingOf(encoded: Uint8Array, uncompressed: Buffer): boolean {
  if (encoded.length === POINT_BYTES) return uncompressed.equals(encoded);
  const isOdd = ((uncompressed[64] ?? 0) & 1) === 1;
  return (
    encoded.length === COMPRESSED_BYTES &&
    encoded[0] === (isOdd ? 0x03 : 0x02) &&
    uncompressed.subarray(1, 33).equals(encoded.subarray(1))
  );
}
