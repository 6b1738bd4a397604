/** The order of secp256k1 (SEC 2, version 2, section 2.4.1). */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * The inverse of a scalar, 32 big-endian bytes, by Euclid's extended algorithm. For public values only: the time
 * depends on them.
 * @throws RangeError for zero
 */
export function invertModOrder(scalar: Uint8Array): Uint8Array {
  let remainder = BigInt(`0x${Buffer.from(scalar).toString('hex')}`);
  if (remainder === 0n) throw new RangeError('zero has no inverse');
  let previous = ORDER;
  let coefficient = 1n;
  let previousCoefficient = 0n;
  while (remainder !== 0n) {
    const quotient = previous / remainder;
    [previous, remainder] = [remainder, previous - quotient * remainder];
    [previousCoefficient, coefficient] = [coefficient, previousCoefficient - quotient * coefficient];
  }
  const inverse = previousCoefficient < 0n ? previousCoefficient + ORDER : previousCoefficient;
  return Uint8Array.from(Buffer.from(inverse.toString(16).padStart(64, '0'), 'hex'));
}
