import type { SigningOptions } from './algorithm.ts';

/** What to tell a caller who gave an option to an algorithm that has no use for it. */
const REASONS: { readonly [Option in keyof Required<SigningOptions>]: string } = {
  padding: 'a padding is for RSA only; leave it out for this algorithm',
  mgf1Digest: 'an MGF1 hash is for RSA-PSS only; leave it out here',
  variant: 'a variant (pure, pre-hash, external-mu) is for ML-DSA only; leave it out for this algorithm',
  context: 'a context is for ML-DSA only; leave it out for this algorithm',
  merkleRoot: 'a merkle root is for BIP340 only; leave it out for this algorithm',
  derivationPath: 'a derivation path is for Ed25519 and BIP340 only; leave it out for this algorithm',
  deterministic: 'this algorithm has no choice between deterministic and randomised signatures; leave it out',
  recoverable: 'recoverable signatures are for ECDSA on secp256k1 and stark only; leave it out for this algorithm',
  domain: 'a domain is for Diffie-Hellman only; leave it out for this algorithm',
};

const OPTIONS = Object.keys(REASONS) as readonly (keyof SigningOptions)[];

/** A reason to refuse, if an option outside `used` was given: an option is never ignored. */
export function findUnusedOption(options: SigningOptions, used: readonly (keyof SigningOptions)[]): string | undefined {
  for (const option of OPTIONS) {
    if (options[option] !== undefined && !used.includes(option)) return REASONS[option];
  }
  return undefined;
}
