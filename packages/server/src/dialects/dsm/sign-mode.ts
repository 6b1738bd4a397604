/** The `mode` member of sign and verify requests. */

import type { SigningOptions } from '@countersign/algorithms/algorithm';
import type { DigestName } from '@countersign/algorithms/digests';
import type { DomainErrorCode } from '@countersign/core/domain-error';
import { DIGEST_WORDS, refuseDigestWord } from './digest-words.ts';
import { decodeStrictBase64 } from './strict-base64.ts';

export type WritableOptions = { -readonly [Member in keyof SigningOptions]: SigningOptions[Member] };
type Refusal = { readonly code: DomainErrorCode; readonly reason: string };

const VARIANTS: ReadonlyMap<unknown, NonNullable<SigningOptions['variant']>> = new Map([
  ['PURE', 'pure'],
  ['PRE_HASH', 'pre-hash'],
  ['EXTERNAL_MU', 'external-mu'],
]);

interface RawMode {
  readonly PKCS1_V15?: unknown;
  readonly PSS?: unknown;
  readonly variant?: unknown;
  /** Ours, not DSM's: BIP340 keys with a taproot tweak. */
  readonly merkle_root?: unknown;
}

/**
 * Writes what a mode asks for into the options. Whether it fits the key is the algorithm's to say.
 * @returns why the mode is refused, or undefined
 */
export function readMode(mode: unknown, options: WritableOptions): Refusal | undefined {
  if (typeof mode !== 'object' || mode === null || Array.isArray(mode)) return FORMS;
  const { PKCS1_V15: pkcs1, PSS: pss, variant, merkle_root: merkleRoot } = mode as RawMode;
  const given =
    (pkcs1 != null ? 1 : 0) + (pss != null ? 1 : 0) + (variant != null ? 1 : 0) + (merkleRoot != null ? 1 : 0);
  if (given !== 1) return FORMS;
  if (pkcs1 != null) {
    if (!isObject(pkcs1)) return FORMS;
    options.padding = 'pkcs1-v1.5';
    return undefined;
  }
  if (pss != null) return readPss(pss, options);
  if (variant != null) {
    const known = VARIANTS.get(variant);
    if (known === undefined)
      return { code: 'invalid_request', reason: 'mode.variant must be one of PURE, PRE_HASH, EXTERNAL_MU' };
    options.variant = known;
    return undefined;
  }
  const root = typeof merkleRoot === 'string' ? decodeStrictBase64(merkleRoot) : undefined;
  if (root === undefined || (root.length !== 0 && root.length !== 32))
    return { code: 'invalid_request', reason: 'mode.merkle_root must be base64 of no bytes or 32' };
  options.merkleRoot = root;
  return undefined;
}

function readPss(pss: unknown, options: WritableOptions): Refusal | undefined {
  const mgf = isObject(pss) ? (pss as { readonly mgf?: unknown }).mgf : undefined;
  const mgf1 = isObject(mgf) ? (mgf as { readonly mgf1?: unknown }).mgf1 : undefined;
  if (!isObject(mgf1))
    return { code: 'invalid_request', reason: 'mode.PSS must be {"mgf":{"mgf1":{"hash":<digest>}}}' };
  const word = (mgf1 as { readonly hash?: unknown }).hash;
  const digest: DigestName | undefined = typeof word === 'string' ? DIGEST_WORDS.get(word) : undefined;
  if (digest === undefined) {
    const { supported, reason } = refuseDigestWord('mode.PSS.mgf.mgf1.hash', word);
    return { code: supported ? 'invalid_request' : 'not_supported', reason };
  }
  options.padding = 'pss';
  options.mgf1Digest = digest;
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const FORMS: Refusal = {
  code: 'invalid_request',
  reason:
    'mode must be one of {"PKCS1_V15":{}}, {"PSS":{"mgf":{"mgf1":{"hash":<digest>}}}}, {"variant":"PURE"|"PRE_HASH"|"EXTERNAL_MU"}, {"merkle_root":<base64>}',
};
