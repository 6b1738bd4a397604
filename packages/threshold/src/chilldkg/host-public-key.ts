import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { HostSeckeyError } from './chilldkg-errors.ts';

/**
 * The host public key, a participant's identity in a session: 33 bytes, compressed (`hostpubkey_gen`).
 * @param hostSecret 32 bytes; with the recovery data it gives the secret share back for ever
 * @throws RangeError for another length
 * @throws HostSeckeyError for zero and for what isn't below the order
 */
export function hostPublicKey(group: Secp256k1Group, hostSecret: Uint8Array): Uint8Array {
  if (hostSecret.length !== 32) throw new RangeError('a host secret key must be 32 bytes');
  if (!group.isScalar(hostSecret) || group.isZero(hostSecret)) {
    throw new HostSeckeyError('the host secret key is zero or not below the order');
  }
  return group.encode(group.multiplyBase(hostSecret));
}
