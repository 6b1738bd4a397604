/** How an ML-DSA scheme travels from the family to the engine. */
import type { Scheme } from './algorithm.ts';
import { type DigestName, isDigestName } from './digests.ts';
import { EngineFailure } from './engine.ts';
import { ML_DSA_MAX_CONTEXT_BYTES, type MlDsaParameterSet } from './ml-dsa-parameter-sets.ts';
import { findPreHashProblem } from './ml-dsa-pre-hash.ts';

export type MlDsaScheme =
  | { readonly variant: 'pure'; readonly deterministic: boolean; readonly context: Uint8Array }
  | {
      readonly variant: 'pre-hash';
      readonly deterministic: boolean;
      readonly context: Uint8Array;
      readonly digest: DigestName;
    }
  | { readonly variant: 'external-mu'; readonly deterministic: boolean };

export function writeMlDsaScheme(scheme: MlDsaScheme): Scheme {
  const { variant, deterministic } = scheme;
  if (scheme.variant === 'external-mu') return { variant, deterministic };
  const contextHex = Buffer.from(scheme.context).toString('hex');
  if (scheme.variant === 'pure') return { variant, deterministic, contextHex };
  return { variant, deterministic, contextHex, digest: scheme.digest };
}

/** @throws EngineFailure `invalid_scheme` for what `writeMlDsaScheme` doesn't write */
export function readMlDsaScheme(scheme: Scheme, set: MlDsaParameterSet): MlDsaScheme {
  const { variant, deterministic, contextHex, digest, ...unknown } = scheme;
  if (Object.keys(unknown).length === 0 && typeof deterministic === 'boolean') {
    const context = readContext(contextHex);
    if (variant === 'external-mu' && contextHex === undefined && digest === undefined) {
      return { variant, deterministic };
    }
    if (variant === 'pure' && context !== undefined && digest === undefined) return { variant, deterministic, context };
    if (
      variant === 'pre-hash' &&
      context !== undefined &&
      isDigestName(digest) &&
      findPreHashProblem(digest, set) === undefined
    ) {
      return { variant, deterministic, context, digest };
    }
  }
  throw new EngineFailure('invalid_scheme', 'not a scheme of ML-DSA');
}

function readContext(hex: unknown): Uint8Array | undefined {
  if (typeof hex !== 'string' || hex.length > 2 * ML_DSA_MAX_CONTEXT_BYTES) return undefined;
  // `from` stops at the first character that isn't hexadecimal, or at a half byte, and says nothing.
  const context = Buffer.from(hex, 'hex');
  return context.length * 2 === hex.length ? context : undefined;
}
