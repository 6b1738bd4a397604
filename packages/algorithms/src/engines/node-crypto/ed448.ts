/** Ed448 by `node:crypto`, with the empty context that it takes where none is given. */
import { DerError } from '../../der.ts';
import { readEd448PrivateKey } from '../../ed448-private-key.ts';
import { assertEd448PublicKey, ED448_PRIVATE_KEY_BYTES, ED448_SIGNATURE_BYTES } from '../../ed448-public-key.ts';
import { type Engine, EngineFailure } from '../../engine.ts';
import { createEddsaEngine } from './eddsa-engine.ts';

export async function loadEngine(): Promise<Engine> {
  return createEddsaEngine({
    name: 'Ed448',
    privateKeyBytes: ED448_PRIVATE_KEY_BYTES,
    signatureBytes: ED448_SIGNATURE_BYTES,
    pkcs8Prefix: Buffer.from('3047020100300506032b6571043b0439', 'hex'),
    spkiPrefix: Buffer.from('3043300506032b6571033a00', 'hex'),
    readPrivateKey: (encoded) => {
      try {
        return readEd448PrivateKey(encoded);
      } catch (cause) {
        if (!(cause instanceof DerError)) throw cause;
        throw new EngineFailure('invalid_key', `not a PKCS#8 key of Ed448: ${cause.message}`, { cause });
      }
    },
    assertPublicKey: assertEd448PublicKey,
  });
}
