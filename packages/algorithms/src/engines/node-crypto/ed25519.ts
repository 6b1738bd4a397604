/** Ed25519 by `node:crypto`: half of libsodium's speed. Children, for which it has no operations, are libsodium's. */
import { readEd25519PrivateKey } from '../../ed25519-private-key.ts';
import { assertEd25519PublicKey } from '../../ed25519-public-key.ts';
import type { Engine } from '../../engine.ts';
import { createExpandedKeys, deriveEd25519Child, isExpanded } from '../sodium/expanded-ed25519.ts';
import { loadScalarMultiplication } from '../sodium/multiply-scalar.ts';
import { createEddsaEngine } from './eddsa-engine.ts';

export async function loadEngine(): Promise<Engine> {
  const loadExpandedKey = createExpandedKeys(loadScalarMultiplication().multiply);
  const engine = createEddsaEngine({
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
  return {
    ...engine,
    deriveChild: deriveEd25519Child,
    loadPrivate: (privateKey, parameters) =>
      isExpanded(parameters) ? loadExpandedKey(privateKey) : engine.loadPrivate(privateKey, parameters),
  };
}
