import type { Algorithm, Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { freeSecret } from '@countersign/algorithms/secret-memory';

const DIGEST = new Uint8Array(32);
const OPTIONS: SigningOptions = {};
/** An algorithm takes at least one of these. */
const PAYLOADS: readonly Payload[] = [
  { kind: 'message', bytes: DIGEST, digest: 'sha-256' },
  { kind: 'message', bytes: DIGEST, digest: undefined },
  { kind: 'digest', bytes: DIGEST, digest: 'sha-256' },
  { kind: 'digest', bytes: DIGEST, digest: undefined },
];

/**
 * Runs each engine once (generate, sign, verify), so that all code and libraries that load late are loaded before
 * the process seals itself, and an engine that can't sign is found at the start.
 * @throws Error when an engine rejects its own signature
 */
export function warmUpEngines(engines: ReadonlyMap<string, SelectedEngine>): void {
  for (const { algorithm, selected } of engines.values()) {
    if (selected !== undefined) warmUp(algorithm, selected.engine);
  }
}

function warmUp(algorithm: Algorithm, engine: NonNullable<SelectedEngine['selected']>['engine']): void {
  const parameters = algorithm.parseParameters({});
  if (!parameters.ok) return;
  const material = engine.generate(parameters.value);
  const signingKey = engine.loadPrivate(material.privateKey, material.parameters);
  const verifyingKey = engine.loadPublic(material.publicKey, material.parameters);
  try {
    for (const payload of PAYLOADS) {
      const prepared = algorithm.prepare(payload, OPTIONS, material.parameters);
      if (!prepared.ok) continue;
      const { scheme, bytes } = prepared.value;
      const signature = new Uint8Array(algorithm.maxSignatureBytes(material.parameters));
      const length = signingKey.signer(scheme)(bytes, signature);
      if (!verifyingKey.verifier(scheme)(bytes, signature.subarray(0, length)))
        throw new Error(`the engine of ${algorithm.name} rejects its own signature`);
      return;
    }
  } finally {
    signingKey.destroy();
    verifyingKey.destroy();
    freeSecret(material.privateKey as Buffer);
  }
}
