/** From an algorithm's own signature to the form in which requests keep it. */
import { readEcdsaSignature } from '@countersign/algorithms/ecdsa-signature';
import type { RawSignature } from '@countersign/chains/chain';

/** ECDSA on curves whose signatures are asked for with their recovery id: bytes of r, and of s. */
const RECOVERABLE_WIDTHS: ReadonlyMap<string, number> = new Map([
  ['ecdsa-secp256k1', 32],
  ['ecdsa-stark', 32],
]);

/** ECDSA in DER: bytes of r, and of s, which are those of the group's order. */
const DER_WIDTHS: ReadonlyMap<string, number> = new Map([
  ['ecdsa-p192', 24],
  ['ecdsa-p224', 28],
  ['ecdsa-p256', 32],
  ['ecdsa-p384', 48],
  ['ecdsa-p521', 66],
  ['ecdsa-secp192k1', 24],
  ['ecdsa-secp224k1', 29],
]);

/** Whether requests ask for `SigningOptions.recoverable` with this algorithm. */
export function signsRecoverably(algorithm: string): boolean {
  return RECOVERABLE_WIDTHS.has(algorithm);
}

/**
 * `r || s` for ECDSA, with the recovery id where the signature has one (`r || s || recovery id`); otherwise the bytes as
 * they are. Undefined for bytes that aren't a signature of this algorithm.
 */
export function rawSignature(algorithm: string, signature: Uint8Array): RawSignature | undefined {
  const recoverable = RECOVERABLE_WIDTHS.get(algorithm);
  if (recoverable !== undefined) {
    const recoveryId = signature[2 * recoverable];
    if (signature.length !== 2 * recoverable + 1 || recoveryId === undefined || recoveryId > 3) return undefined;
    return { bytes: signature.slice(0, 2 * recoverable), recoveryId };
  }
  const width = DER_WIDTHS.get(algorithm);
  const bytes = width === undefined ? signature : readEcdsaSignature(signature, width);
  return bytes === undefined ? undefined : { bytes, recoveryId: undefined };
}
