/** ECDSA on secp256k1 by npm's prebuilt libsecp256k1: constant time, RFC 6979 nonces, low-S. */
import type { Engine } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { createEcdsaEngine } from '../secp256k1/ecdsa-engine.ts';
import { loadBindings } from './bindings.ts';
import { scalarFunctions } from './scalar-functions.ts';

/** @throws EngineUnavailable */
export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const bindings = loadBindings();
  const signOptions: { data: Buffer | undefined } = { data: undefined };
  return createEcdsaEngine(
    {
      description: bindings.description,
      randomize: bindings.contextRandomize,
      ...scalarFunctions(bindings),
      parsePublicKey: (point) => (bindings.publicKeyVerify(point) ? point : undefined),
      sign: (digest, scalar, entropy, rs) => {
        signOptions.data = entropy;
        bindings.ecdsaSign(digest, scalar, signOptions, rs);
        return true;
      },
      verify: (rs, digest, publicKey) => {
        // The library's verification refuses a high s, Bitcoin's rule for transactions. We make low ones only, but
        // what we verify is plain ECDSA, in which n - s is as good: others' signatures must pass.
        try {
          bindings.signatureNormalize(rs);
        } catch {
          return false; // r or s isn't below the order
        }
        return bindings.ecdsaVerify(rs, digest, publicKey);
      },
      signRecoverable: (digest, scalar, entropy, rs) => {
        signOptions.data = entropy;
        return bindings.ecdsaSign(digest, scalar, signOptions, rs).recid;
      },
      recover: (rs, recoveryId, digest, point) => {
        try {
          bindings.ecdsaRecover(rs, recoveryId, digest, false, point);
          return true;
        } catch {
          return false; // r or s is out of range, or there is no such point
        }
      },
    },
    fillRandom,
  );
}
