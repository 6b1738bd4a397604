/**
 * ML-DSA by `node:crypto`: the pure variant, hedged, and no other. It silently ignores a request for an external mu or
 * for determinism, so that these are refused here.
 *
 * Its key objects lie in ordinary memory, and are released by the garbage collector rather than by us.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { DER_TAGS, DerError, encodeDer, encodeObjectIdentifier } from '../../der.ts';
import {
  type Engine,
  EngineFailure,
  EngineUnavailable,
  type KeyMaterial,
  type SigningKey,
  type VerifyingKey,
} from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import {
  ML_DSA_PARAMETER_SETS,
  ML_DSA_SEED_BYTES,
  type MlDsaName,
  type MlDsaParameterSet,
} from '../../ml-dsa-parameter-sets.ts';
import { type MlDsaPrivateKey, readMlDsaPrivateKey } from '../../ml-dsa-private-key.ts';
import { readMlDsaScheme, writeMlDsaScheme } from '../../ml-dsa-scheme.ts';
import { equalBytes } from '../../private-key-info.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { encodeSubjectPublicKeyInfo } from '../../spki.ts';

const NO_PARAMETERS = new Uint8Array(0);

/** @throws EngineUnavailable where Node is too old for ML-DSA or its contexts */
export async function loadEngine(name: MlDsaName, fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const set = ML_DSA_PARAMETER_SETS[name];
  const engine: Engine = {
    description: `node:crypto of Node ${process.version} (OpenSSL ${process.versions.openssl})`,
    generate: () => {
      const seed = allocateSecret(ML_DSA_SEED_BYTES);
      fillRandom(seed);
      return { privateKey: seed, publicKey: publicKeyOf(set, keyObjectOf(set, seed)), parameters: {} };
    },
    importPrivate: (encoded) => importPrivate(set, encoded),
    loadPrivate: (seed) => loadPrivate(set, seed),
    loadPublic: (publicKey) => loadPublic(set, publicKey),
  };
  assertContextsCount(engine, set);
  return engine;
}

/** PKCS#8 with the seed alone (RFC 9881, section 6): everything before the 32 bytes. */
function seedPrefix(set: MlDsaParameterSet): Uint8Array {
  const identifier = encodeDer(DER_TAGS.sequence, encodeObjectIdentifier(set.oid));
  const length = 3 + identifier.length + 4 + ML_DSA_SEED_BYTES;
  const version = [DER_TAGS.integer, 1, 0];
  const choice = [DER_TAGS.octetString, 2 + ML_DSA_SEED_BYTES, DER_TAGS.implicit0, ML_DSA_SEED_BYTES];
  return Uint8Array.of(DER_TAGS.sequence, length, ...version, ...identifier, ...choice);
}

function keyObjectOf(set: MlDsaParameterSet, seed: Uint8Array): KeyObject {
  const prefix = seedPrefix(set);
  const encoded = allocateSecret(prefix.length + ML_DSA_SEED_BYTES);
  encoded.set(prefix);
  encoded.set(seed, prefix.length);
  try {
    return createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  } finally {
    freeSecret(encoded);
  }
}

function publicKeyOf(set: MlDsaParameterSet, key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-set.publicKeyBytes);
}

function importPrivate(set: MlDsaParameterSet, encoded: Uint8Array): KeyMaterial {
  const parsed = parsePrivateKey(encoded, set);
  const publicKey = publicKeyOf(set, keyObjectOf(set, parsed.seed));
  if (parsed.publicKey !== undefined && !equalBytes(parsed.publicKey, publicKey)) {
    throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
  }
  // OpenSSL compares an expanded key with the seed beside it when it reads both.
  if (parsed.expandedKey !== undefined && !isReadable(encoded)) {
    throw new EngineFailure('invalid_key', "the expanded key in the encoding doesn't belong to its seed");
  }
  return { privateKey: copySecret(parsed.seed), publicKey, parameters: {} };
}

function parsePrivateKey(encoded: Uint8Array, set: MlDsaParameterSet): MlDsaPrivateKey {
  try {
    return readMlDsaPrivateKey(encoded, set);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new EngineFailure('invalid_key', `not a PKCS#8 key of ${set.openssl}: ${cause.message}`, { cause });
  }
}

function isReadable(encoded: Uint8Array): boolean {
  const copy = copySecret(encoded);
  try {
    createPrivateKey({ key: copy, format: 'der', type: 'pkcs8' });
    return true;
  } catch {
    return false;
  } finally {
    freeSecret(copy);
  }
}

function loadPrivate(set: MlDsaParameterSet, seed: Uint8Array): SigningKey {
  if (seed.length !== ML_DSA_SEED_BYTES) {
    throw new EngineFailure('invalid_key', 'an ML-DSA private key is a seed of 32 bytes');
  }
  let key: KeyObject | undefined = keyObjectOf(set, seed);
  const alive = (): KeyObject => {
    if (key === undefined) throw new EngineFailure('engine_error', 'the key was destroyed');
    return key;
  };
  return {
    publicKey: publicKeyOf(set, key),
    signer: (scheme) => {
      const parsed = readMlDsaScheme(scheme, set);
      alive();
      if (parsed.variant !== 'pure') throw unsupported(`node:crypto makes no ${parsed.variant} signatures`);
      if (parsed.deterministic) throw unsupported('node:crypto makes no deterministic ML-DSA signatures');
      const { context } = parsed;
      return (payload, out) => {
        const current = alive();
        if (out.length < set.signatureBytes) throw new EngineFailure('engine_error', 'no room for the signature');
        out.set(sign(null, payload, { key: current, context }));
        return set.signatureBytes;
      };
    },
    destroy: () => {
      key = undefined;
    },
  };
}

function loadPublic(set: MlDsaParameterSet, publicKey: Uint8Array): VerifyingKey {
  if (publicKey.length !== set.publicKeyBytes) {
    throw new EngineFailure('invalid_key', `the public key must have ${set.publicKeyBytes} bytes`);
  }
  const spki = Buffer.from(encodeSubjectPublicKeyInfo(set.oid, NO_PARAMETERS, publicKey));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return {
    verifier: (scheme) => {
      const parsed = readMlDsaScheme(scheme, set);
      if (parsed.variant !== 'pure') throw unsupported(`node:crypto verifies no ${parsed.variant} signatures`);
      const { context } = parsed;
      return (payload, signature) =>
        signature.length === set.signatureBytes && verify(null, payload, { key, context }, signature);
    },
    destroy: () => {},
  };
}

/** An older Node ignores the context and says nothing: a signature would then verify under any. */
function assertContextsCount(engine: Engine, set: MlDsaParameterSet): void {
  const scheme = (text: string) =>
    writeMlDsaScheme({ variant: 'pure', deterministic: false, context: Buffer.from(text) });
  const message = new Uint8Array(32);
  const signature = new Uint8Array(set.signatureBytes);
  try {
    const material = engine.generate({});
    const key = engine.loadPrivate(material.privateKey, {});
    freeSecret(material.privateKey as Buffer);
    key.signer(scheme('one'))(message, signature);
    key.destroy();
    const verifying = engine.loadPublic(material.publicKey, {});
    if (!verifying.verifier(scheme('one'))(message, signature)) throw new Error('its own signature does not verify');
    if (verifying.verifier(scheme('two'))(message, signature)) throw new Error('it ignores contexts');
  } catch (cause) {
    throw new EngineUnavailable(`node:crypto of Node ${process.version} lacks ML-DSA with contexts`, { cause });
  }
}

function unsupported(reason: string): EngineFailure {
  return new EngineFailure('unsupported', reason);
}
