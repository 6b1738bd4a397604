/** Non-hardened children of private keys of secp256k1: CKDpriv of BIP32, with the chain code of `child-derivation.ts`. */
import {
  assertChildPath,
  CHAIN_CODE_BYTES,
  noSuchChild,
  STEP_BYTES,
  writeDerivationStep,
  writeMasterChainCode,
} from '../../child-derivation.ts';
import { EngineFailure } from '../../engine.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { SCALAR_BYTES } from './group-order.ts';
import type { ScalarFunctions } from './scalar-functions.ts';

const POINT_BYTES = 65;
const EVEN = 0x02;
const ODD = 0x03;

/**
 * A child's scalar, in locked memory.
 *
 * @param keys `x-only`: the keys are those of BIP340, where d and n - d are one key. Derivation starts at the one whose
 *   point has an even y, the point that a public x-only key stands for; on the way points keep their parity, as in BIP32.
 * @throws EngineFailure `invalid_key` for a scalar out of range, `invalid_scheme` for a path that leads nowhere
 */
export function deriveChildScalar(
  functions: ScalarFunctions,
  keys: 'points' | 'x-only',
  privateKey: Uint8Array,
  path: readonly number[],
): Buffer {
  assertChildPath(path);
  if (privateKey.length !== SCALAR_BYTES) throw new EngineFailure('invalid_key', 'a private key has 32 bytes');
  const scalar = copySecret(privateKey);
  const chainCode = allocateSecret(CHAIN_CODE_BYTES);
  const step = allocateSecret(STEP_BYTES);
  const tweak = step.subarray(0, SCALAR_BYTES);
  const point = Buffer.alloc(POINT_BYTES);
  let isDone = false;
  try {
    if (!functions.isPrivateKey(scalar)) throw new EngineFailure('invalid_key', 'the private key is out of range');
    if (keys === 'x-only') {
      functions.writePublicKey(scalar, point);
      if (isOdd(point)) functions.negateScalar(scalar);
    }
    writeMasterChainCode(chainCode, scalar);
    for (const index of path) {
      functions.writePublicKey(scalar, point);
      writeDerivationStep(step, chainCode, compress(point), index);
      if (!functions.addToScalar(scalar, tweak)) throw noSuchChild();
      chainCode.set(step.subarray(SCALAR_BYTES));
    }
    isDone = true;
    return scalar;
  } finally {
    if (!isDone) freeSecret(scalar);
    freeSecret(chainCode);
    freeSecret(step);
  }
}

/** The parity of a public key is public. */
function isOdd(point: Buffer): boolean {
  return ((point[POINT_BYTES - 1] ?? 0) & 1) === 1;
}

function compress(point: Buffer): Buffer {
  return Buffer.concat([Buffer.of(isOdd(point) ? ODD : EVEN), point.subarray(1, 1 + SCALAR_BYTES)]);
}
