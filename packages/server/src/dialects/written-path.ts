/** `m/44/60/0/0/0`: non-hardened indices alone. */
import { DomainError } from '@countersign/core/domain-error';

const PATTERN = /^m(\/(0|[1-9]\d{0,9}))+$/;
const MAX_INDICES = 16;

/** @throws DomainError `invalid_request` */
export function readDerivationPath(text: string): readonly number[] {
  const indices = PATTERN.test(text) ? text.slice(2).split('/').map(Number) : [];
  if (indices.length === 0 || indices.length > MAX_INDICES || indices.some((index) => index >= 2 ** 31))
    throw new DomainError(
      'invalid_request',
      `a derivation path is m/ and 1 to ${MAX_INDICES} non-hardened indices below 2^31, such as m/44/60/0/0/0`,
    );
  return indices;
}

export function writeDerivationPath(indices: readonly number[]): string {
  return `m/${indices.join('/')}`;
}
