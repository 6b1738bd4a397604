import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { RLP } from 'micro-eth-signer/core/rlp.js';
import type { ChainKey } from '../chain.ts';

/** 20 bytes -> `0x` and 40 lower-case hexadecimal digits, the form in which views compare addresses. */
export function addressText(address: Uint8Array): string {
  return `0x${bytesToHex(address)}`;
}

/**
 * The address of a secp256k1 ECDSA key: the last 20 bytes of Keccak-256 over both coordinates. Undefined for keys of
 * other algorithms. The public key is taken as valid: it comes from a key record, which was checked when it was made.
 */
export function keyAddress(key: ChainKey): string | undefined {
  if (key.algorithm !== 'ecdsa-secp256k1' || key.publicKey.length !== 65 || key.publicKey[0] !== 4) {
    return undefined;
  }
  return addressText(keccak_256(key.publicKey.subarray(1)).subarray(12));
}

/** Where a transaction without `to` puts its contract: Keccak-256 of rlp([sender, nonce]), last 20 bytes. */
export function deployedAddress(sender: Uint8Array, nonce: bigint): string {
  return addressText(keccak_256(RLP.encode([sender, nonce])).subarray(12));
}
