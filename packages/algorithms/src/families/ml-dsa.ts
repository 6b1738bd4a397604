/** ML-DSA (FIPS 204): pure, HashML-DSA and with an external mu; hedged or deterministic. */
import type { Algorithm, Payload, Prepared, SigningOptions } from '../algorithm.ts';
import { findDigest } from '../digests.ts';
import {
  ML_DSA_MAX_CONTEXT_BYTES,
  ML_DSA_MU_BYTES,
  ML_DSA_PARAMETER_SETS,
  type MlDsaName,
  type MlDsaParameterSet,
} from '../ml-dsa-parameter-sets.ts';
import { findPreHashProblem } from '../ml-dsa-pre-hash.ts';
import { type MlDsaScheme, writeMlDsaScheme } from '../ml-dsa-scheme.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';

const NO_PARAMETERS = new Uint8Array(0);
const NO_CONTEXT = new Uint8Array(0);

function mlDsa(name: MlDsaName): Algorithm {
  const set = ML_DSA_PARAMETER_SETS[name];
  return {
    name,
    operation: 'sign',
    derivesChildren: false,
    parseParameters: refuseParameters,
    prepare: (payload, options) => prepare(payload, options, set),
    legacyKeyUse: () => [],
    keySizeBits: () => set.publicKeyBytes * 8,
    encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(set.oid, NO_PARAMETERS, publicKey),
    maxSignatureBytes: () => set.signatureBytes,
    engines: [
      { name: 'openssl', load: () => import('../engines/openssl/ml-dsa.ts').then((engine) => engine.loadEngine(name)) },
      {
        name: 'node-crypto',
        load: () => import('../engines/node-crypto/ml-dsa.ts').then((engine) => engine.loadEngine(name)),
      },
    ],
  };
}

/** Without a variant, pure. The scheme is that of `ml-dsa-scheme.ts`. */
function prepare(payload: Payload, options: SigningOptions, set: MlDsaParameterSet): Prepared {
  const unused = findUnusedOption(options, ['variant', 'context', 'deterministic']);
  if (unused !== undefined) return { ok: false, reason: unused };
  if (options.context !== undefined && options.context.length > ML_DSA_MAX_CONTEXT_BYTES) {
    return { ok: false, reason: `a context has at most ${ML_DSA_MAX_CONTEXT_BYTES} bytes` };
  }
  switch (options.variant) {
    case 'pre-hash':
      return preparePreHash(payload, options, set);
    case 'external-mu':
      return prepareExternalMu(payload, options);
    default:
      return preparePure(payload, options);
  }
}

function preparePure(payload: Payload, { context, deterministic }: SigningOptions): Prepared {
  if (payload.kind === 'digest') {
    return { ok: false, reason: 'pure ML-DSA signs messages, not digests; for a digest ask for the variant pre-hash' };
  }
  // `payload.digest` is not looked at, as with EdDSA: clients name one by habit.
  return prepared(payload.bytes, {
    variant: 'pure',
    deterministic: deterministic === true,
    context: context ?? NO_CONTEXT,
  });
}

function preparePreHash(
  payload: Payload,
  { context, deterministic }: SigningOptions,
  set: MlDsaParameterSet,
): Prepared {
  const name = payload.digest;
  if (name === undefined) {
    return {
      ok: false,
      reason: 'HashML-DSA signs a digest: name the hash that made it, or that is to hash the message',
    };
  }
  const problem = findPreHashProblem(name, set);
  if (problem !== undefined) return { ok: false, reason: problem };
  const digest = findDigest(name);
  if (payload.kind === 'digest' && payload.bytes.length !== digest.bytes) {
    return { ok: false, reason: `a ${name} digest has ${digest.bytes} bytes, not ${payload.bytes.length}` };
  }
  return prepared(payload.kind === 'digest' ? payload.bytes : digest.compute(payload.bytes), {
    variant: 'pre-hash',
    deterministic: deterministic === true,
    context: context ?? NO_CONTEXT,
    digest: name,
  });
}

/** mu is neither a digest of the message alone nor a message; callers send it as either. */
function prepareExternalMu(payload: Payload, { context, deterministic }: SigningOptions): Prepared {
  if (context !== undefined) {
    return { ok: false, reason: 'an external mu has the context in it already; leave the context out' };
  }
  if (payload.bytes.length !== ML_DSA_MU_BYTES) {
    return { ok: false, reason: `an external mu has ${ML_DSA_MU_BYTES} bytes, not ${payload.bytes.length}` };
  }
  return prepared(payload.bytes, { variant: 'external-mu', deterministic: deterministic === true });
}

function prepared(bytes: Uint8Array, scheme: MlDsaScheme): Prepared {
  return { ok: true, value: { scheme: writeMlDsaScheme(scheme), bytes, legacy: [] } };
}

export const mlDsa44 = mlDsa('ml-dsa-44');
export const mlDsa65 = mlDsa('ml-dsa-65');
export const mlDsa87 = mlDsa('ml-dsa-87');
