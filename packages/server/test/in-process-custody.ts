/**
 * For tests of what lies in front of the custody: the real engines, but in this process and without wrapping. A sealed
 * key is its private key in the clear, so this must never leave the tests.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Engine } from '@countersign/algorithms/engine';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { allAlgorithms, findAlgorithm } from '@countersign/algorithms/registry';
import { DomainError } from '@countersign/core/domain-error';
import { PermitSet } from '@countersign/core/permit';
import type { Custody, CustodySignature, KeyTransfers, SealedKeyPair, Verifier } from '@countersign/core/ports/custody';
import { encodePrivateKey } from '../src/custody/sealed/encode-private-key.ts';
import { hpkeKeyPair, openHpke, sealHpke } from '../src/custody/sealed/hpke.ts';
import { exportContext, importContext } from '../src/custody/transfer-context.ts';

const MAX_SIGNATURE_BYTES = 8192;

export async function createInProcessCustody(): Promise<{ readonly custody: Custody; readonly verifier: Verifier }> {
  const engines = await selectEngines(allAlgorithms());
  const engineOf = (name: string): Engine => {
    const engine = engines.get(name)?.selected?.engine;
    if (engine === undefined) throw new DomainError('not_supported', `no engine for ${name} on this machine`);
    return engine;
  };
  const seal = (material: ReturnType<Engine['generate']>): SealedKeyPair => ({
    sealed: new Uint8Array(material.privateKey),
    publicKey: new Uint8Array(material.publicKey),
    parameters: material.parameters,
  });
  return {
    custody: {
      name: 'vault',
      generate: async (terms, parameters) => seal(engineOf(terms.algorithm).generate(parameters)),
      importKey: async (terms, encoded) => {
        try {
          return seal(engineOf(terms.algorithm).importPrivate(encoded));
        } catch (error) {
          throw new DomainError('invalid_request', 'the private key is not valid', { cause: error });
        }
      },
      transfers: inProcessTransfers(engineOf, seal),
      sign: async (permits) =>
        PermitSet.redeem(permits).items.map(({ key, scheme, bytes }): CustodySignature => {
          if (key.sealed === undefined) return { status: 'refused' };
          const loaded = engineOf(key.algorithm).loadPrivate(key.sealed, key.parameters);
          try {
            const out = new Uint8Array(MAX_SIGNATURE_BYTES);
            const signature = out.slice(0, loaded.signer(scheme)(bytes, out));
            return { status: 'signed', signature, signatureDigest: hash('sha256', signature, 'buffer') };
          } finally {
            loaded.destroy();
          }
        }),
    },
    verifier: {
      verify: async (jobs) =>
        jobs.map(({ key, scheme, bytes, signature }) => {
          const loaded = engineOf(key.algorithm).loadPublic(key.publicKey, key.parameters);
          try {
            return loaded.verifier(scheme)(bytes, signature);
          } finally {
            loaded.destroy();
          }
        }),
    },
  };
}

/** What the generator process does, without its checks of what is sealed: here nothing is. */
function inProcessTransfers(
  engineOf: (name: string) => Engine,
  seal: (material: ReturnType<Engine['generate']>) => SealedKeyPair,
): KeyTransfers {
  const importKey = hpkeKeyPair(randomBytes(32));
  return {
    importPublicKey: async () => importKey.publicKey,
    async importEncrypted({ accountId, algorithm }, message) {
      const privateKey = await openHpke(importKey, message, importContext(accountId, algorithm));
      if (privateKey === undefined) throw new DomainError('invalid_request', 'the message does not open');
      return seal(engineOf(algorithm).importPrivate(privateKey));
    },
    async exportEncrypted(key, recipient) {
      const algorithm = findAlgorithm(key.algorithm);
      const privateKey = key.sealed ?? new Uint8Array(0);
      const encoded = algorithm && encodePrivateKey(algorithm, { ...key, privateKey });
      const sealed = encoded && (await sealHpke(recipient, encoded, exportContext(key.accountId, key.id)));
      if (sealed === undefined) throw new DomainError('invalid_request', 'nothing can be sent to this recipient');
      return sealed;
    },
    async deriveChild(parent, path, terms) {
      const { deriveChild } = engineOf(terms.algorithm);
      if (deriveChild === undefined || parent.sealed === undefined)
        throw new DomainError('not_supported', 'no children');
      return seal(deriveChild(parent.sealed, parent.parameters, path));
    },
  };
}
