import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { PublicNonce } from './nonces.ts';
import type { SecretNonce } from './secret-nonce.ts';
import type { Session } from './session.ts';
import { openShare, type SigningShare } from './signers.ts';
import { InvalidContribution, InvalidSigningInput } from './signing-errors.ts';

export const PARTIAL_SIGNATURE_BYTES = 32;

/**
 * BIP 445, `Sign`: s = k1 + b * k2 + e * a * d, 32 bytes. The specification's optional check of the result isn't
 * made: who aggregates verifies the whole.
 *
 * @throws InvalidSigningInput where share, identifier and signers don't belong together
 * @throws Error where the nonce was used before
 */
export function sign(
  group: Secp256k1Group,
  secretNonce: SecretNonce,
  secretShare: Uint8Array,
  id: number,
  session: Session,
): Uint8Array {
  return signWithShare(group, secretNonce, openShare(group, session.signers, id, secretShare), session);
}

/** The same for a share whose owner was found before: scalar operations only. */
export function signWithShare(
  group: Secp256k1Group,
  secretNonce: SecretNonce,
  share: SigningShare,
  session: Session,
): Uint8Array {
  if (share.signers !== session.signers) throw new Error('the share was opened for other signers');
  const factor = shareFactor(group, session, share.position);
  return secretNonce.use(group, (first, second) => {
    group.multiplyScalars(second, second, session.nonceCoefficient);
    group.addScalars(first, first, second);
    if (session.isNonceNegated) group.negateScalar(first, first);
    group.multiplyScalars(second, share.secretShare, factor);
    const s = new Uint8Array(PARTIAL_SIGNATURE_BYTES);
    group.addScalars(s, first, second);
    return s;
  });
}

/** What a signer's share is multiplied with: e * a, negated as the key is. Public. */
function shareFactor(group: Secp256k1Group, session: Session, position: number): Uint8Array {
  const interpolatingValue = session.signers.interpolatingValues[position];
  if (interpolatingValue === undefined) throw new RangeError(`no signer ${position}`);
  const factor = new Uint8Array(PARTIAL_SIGNATURE_BYTES);
  group.multiplyScalars(factor, session.challenge, interpolatingValue);
  if (session.key.isNegated) group.negateScalar(factor, factor);
  return factor;
}

/**
 * BIP 445, `PartialSigVerifyInternal`: s * G = R1 + b * R2 + e * a * P, with the signs of nonce and key.
 * @param position the signer's, among the session's signers
 * @param publicNonce what this signer sent, and what went into the session's aggregate
 */
export function partialSigVerify(
  group: Secp256k1Group,
  partialSignature: Uint8Array,
  position: number,
  publicNonce: PublicNonce,
  session: Session,
): boolean {
  const publicShare = session.signers.publicShares[position];
  if (publicShare === undefined) throw new RangeError(`no signer ${position}`);
  if (!group.isScalar(partialSignature)) return false;
  const nonce = group.add([publicNonce.first, group.multiplyPublic(publicNonce.second, session.nonceCoefficient)]);
  const expected = group.add([
    session.isNonceNegated ? group.negate(nonce) : nonce,
    group.multiplyPublic(publicShare, shareFactor(group, session, position)),
  ]);
  return group.equals(group.multiplyBasePublic(partialSignature), expected);
}

/**
 * BIP 445, `PartialSigAgg`: a BIP340 signature, 64 bytes, valid if all partial signatures are.
 * @throws InvalidContribution naming the first signer whose partial signature is no scalar
 * @throws InvalidSigningInput unless there's one for each signer
 */
export function partialSigAgg(
  group: Secp256k1Group,
  partialSignatures: readonly Uint8Array[],
  session: Session,
): Uint8Array {
  if (partialSignatures.length !== session.signers.ids.length) {
    throw new InvalidSigningInput(
      'partial-signature-count',
      `${partialSignatures.length} partial signatures of ${session.signers.ids.length} signers`,
    );
  }
  const sum = new Uint8Array(PARTIAL_SIGNATURE_BYTES);
  for (const [signer, partialSignature] of partialSignatures.entries()) {
    if (!group.isScalar(partialSignature)) throw new InvalidContribution(signer, 'partial signature');
    // The library refuses zeros, which are then handled around it.
    if (signer === 0) sum.set(partialSignature);
    else group.addScalars(sum, sum, partialSignature);
  }
  if (!group.isZero(session.key.addend)) {
    const tweaked = new Uint8Array(PARTIAL_SIGNATURE_BYTES);
    group.multiplyScalars(tweaked, session.challenge, session.key.addend);
    group.addScalars(sum, sum, tweaked);
  }
  const signature = new Uint8Array(session.nonceX.length + sum.length);
  signature.set(session.nonceX);
  signature.set(sum, session.nonceX.length);
  return signature;
}
