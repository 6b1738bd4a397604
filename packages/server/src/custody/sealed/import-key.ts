import { createHmac } from 'node:crypto';
import { type HpkeKeyPair, hpkeKeyPair } from './hpke.ts';
import { ROOT_KEY_BYTES } from './wrapping.ts';

const NO_SALT = Buffer.alloc(32);
const LABEL = Buffer.from('countersign/hpke/v1 import key\0', 'latin1');

/**
 * The X25519 pair that private keys are encrypted to on their way in: HKDF-SHA256 (RFC 5869) of the root key, without salt
 * and with a label of its own. So it is the same for the life of the root key, and stored nowhere.
 */
export function importKeyPair(rootKey: Buffer): HpkeKeyPair {
  if (rootKey.length !== ROOT_KEY_BYTES) throw new RangeError('root key length');
  // By HMAC for the reason given in wrapping.ts.
  const pseudorandomKey = createHmac('sha256', NO_SALT).update(rootKey).digest();
  const privateKey = createHmac('sha256', pseudorandomKey).update(LABEL).update(Uint8Array.of(1)).digest();
  pseudorandomKey.fill(0);
  try {
    return hpkeKeyPair(privateKey);
  } finally {
    privateKey.fill(0);
  }
}
