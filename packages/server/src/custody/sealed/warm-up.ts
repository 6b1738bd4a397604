import type { Algorithm, Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import { type Engine, EngineFailure, type KeyMaterial } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { freeSecret } from '@countersign/algorithms/secret-memory';

const DIGEST = new Uint8Array(32);
/** What an algorithm needs before it takes a payload at all. */
const OPTIONS: Readonly<Record<Algorithm['operation'], SigningOptions>> = {
  sign: {},
  derive: { domain: Buffer.from('warm-up') },
};
/** An algorithm takes at least one of these. */
const PAYLOADS: readonly Payload[] = [
  { kind: 'message', bytes: DIGEST, digest: 'sha-256' },
  { kind: 'message', bytes: DIGEST, digest: undefined },
  { kind: 'digest', bytes: DIGEST, digest: 'sha-256' },
  { kind: 'digest', bytes: DIGEST, digest: undefined },
];

/**
 * Runs each engine once (generate, sign, verify, derive a child), so that all code and libraries that load late are loaded before
 * the process seals itself, and an engine that can't sign is found at the start.
 * @throws Error when an engine rejects its own signature
 */
export function warmUpEngines(engines: ReadonlyMap<string, SelectedEngine>): void {
  for (const { algorithm, selected } of engines.values()) {
    if (selected !== undefined) warmUp(algorithm, selected.engine);
  }
}

function warmUp(algorithm: Algorithm, engine: Engine): void {
  const parameters = algorithm.parseParameters({});
  if (!parameters.ok) return;
  const material = engine.generate(parameters.value);
  warmUpChildren(engine, material);
  const signingKey = engine.loadPrivate(material.privateKey, material.parameters);
  const verifyingKey = engine.loadPublic(material.publicKey, material.parameters);
  try {
    for (const payload of PAYLOADS) {
      const prepared = algorithm.prepare(payload, OPTIONS[algorithm.operation], material.parameters);
      if (!prepared.ok) continue;
      const { scheme, bytes } = prepared.value;
      const signature = new Uint8Array(algorithm.maxSignatureBytes(material.parameters));
      const length = signingKey.signer(scheme)(bytes, signature);
      // What isn't a signature has nothing that could be verified.
      if (algorithm.operation === 'derive') return;
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

/** @throws Error when a derived key isn't the one that it says */
function warmUpChildren(engine: Engine, { privateKey, parameters }: KeyMaterial): void {
  let child: KeyMaterial | undefined;
  try {
    child = engine.deriveChild?.(privateKey, parameters, [0]);
  } catch (error) {
    // A library without what it takes: the generator then refuses children with the same reason.
    if (error instanceof EngineFailure && error.code === 'unsupported') return;
    throw error;
  }
  if (child === undefined) return;
  const key = engine.loadPrivate(child.privateKey, child.parameters);
  const isRight = Buffer.from(key.publicKey).equals(child.publicKey);
  key.destroy();
  freeSecret(child.privateKey);
  if (!isRight) throw new Error('an engine derives a child with a public key that is not its own');
}
