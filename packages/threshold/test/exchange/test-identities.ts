import { createHash } from 'node:crypto';
import { type IdentitySecret, loadIdentity } from '../../src/exchange/identity.ts';

/** The same identity for the same number, and 32 bytes for each of its secrets. */
export function testIdentity(number: number): IdentitySecret {
  return loadIdentity(digest(`seed ${number}`), digest(`channel ${number}`));
}

export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A deterministic stream, so that a failing run can be repeated. */
export function seededRandom(seed: string): (length: number) => Buffer {
  let count = 0;
  return (length) => {
    count += 1;
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => digest(`${seed}/${count}/${i}`));
    return Buffer.concat(blocks).subarray(0, length);
  };
}
