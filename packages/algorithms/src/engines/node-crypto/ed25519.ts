/** Ed25519 by `node:crypto`: half of libsodium's speed. */
import { readEd25519PrivateKey } from '../../ed25519-private-key.ts';
import { assertEd25519PublicKey } from '../../ed25519-public-key.ts';
import type { Engine } from '../../engine.ts';
import { createEddsaEngine } from './eddsa-engine.ts';

export async function loadEngine(): Promise<Engine> {
  return createEddsaEngine({
    name: 'Ed25519',
    privateKeyBytes: 32,
    signatureBytes: 64,
    pkcs8Prefix: Buffer.from('302e020100300506032b657004220420', 'hex'),
    spkiPrefix: Buffer.from('302a300506032b6570032100', 'hex'),
    readPrivateKey: (encoded) => {
      const { seed, publicKey } = readEd25519PrivateKey(encoded);
      return { privateKey: seed, publicKey };
    },
    assertPublicKey: assertEd25519PublicKey,
  });
}
