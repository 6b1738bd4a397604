import { createPrivateKey, createPublicKey } from 'node:crypto';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { allAlgorithms } from '@countersign/algorithms/registry';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import { describe, expect, it } from 'vitest';
import { encodePrivateKey } from './encode-private-key.ts';

const engines = await selectEngines(allAlgorithms());

describe.each(allAlgorithms())('an exported private key of $name', (algorithm) => {
  const engine = engines.get(algorithm.name)?.selected?.engine;

  it.skipIf(engine === undefined)('is taken in again as the same key', () => {
    const defaults = algorithm.parseParameters({});
    if (engine === undefined || !defaults.ok) throw new Error('no parameters');
    const made = engine.generate(defaults.value);
    const encoded = encodePrivateKey(algorithm, made);
    if (encoded === undefined) throw new Error('no encoding');
    const again = engine.importPrivate(encoded);
    expect(Buffer.from(again.publicKey).toString('hex')).toBe(Buffer.from(made.publicKey).toString('hex'));
    expect(Buffer.from(again.privateKey).equals(made.privateKey)).toBe(true);
    expect(again.parameters).toEqual(made.parameters);
    for (const secret of [made.privateKey, again.privateKey, encoded]) freeSecret(secret);
  });

  it.skipIf(engine === undefined)(
    'is PKCS#8 that OpenSSL reads with the same public half, where the algorithm has an identifier',
    () => {
      const defaults = algorithm.parseParameters({});
      if (engine === undefined || !defaults.ok) throw new Error('no parameters');
      const made = engine.generate(defaults.value);
      const spki = algorithm.encodeSpki(made.publicKey, made.parameters);
      const encoded = encodePrivateKey(algorithm, made);
      if (encoded === undefined) throw new Error('no encoding');
      if (spki === undefined) {
        expect(encoded.equals(made.privateKey)).toBe(true);
      } else {
        const key = createPrivateKey({ key: Buffer.from(encoded), format: 'der', type: 'pkcs8' });
        const read = createPublicKey(key).export({ format: 'der', type: 'spki' });
        expect(read.toString('hex')).toBe(Buffer.from(spki).toString('hex'));
      }
      for (const secret of [made.privateKey, encoded]) freeSecret(secret);
    },
  );
});
