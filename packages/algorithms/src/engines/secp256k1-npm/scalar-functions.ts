import type { ScalarFunctions } from '../secp256k1/scalar-functions.ts';
import type { Bindings } from './bindings.ts';

export function scalarFunctions(bindings: Bindings): ScalarFunctions {
  return {
    isPrivateKey: bindings.privateKeyVerify,
    writePublicKey: (scalar, point) => {
      bindings.publicKeyCreate(scalar, false, point);
    },
    addToScalar: (scalar, addend) => {
      try {
        bindings.privateKeyTweakAdd(scalar, addend);
        return true;
      } catch {
        return false; // The scalar and the addend have their lengths: it's the sum.
      }
    },
    negateScalar: (scalar) => {
      bindings.privateKeyNegate(scalar);
    },
  };
}
