import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { RLP } from 'micro-eth-signer/core/rlp.js';
import type { DecodedPayload, JsonValue } from '../chain.ts';
import { type DecodingContext, signedDigest } from './decoding-context.ts';
import { addressText } from './evm-address.ts';
import { MAX_UINT64, MAX_UINT256, readAddress, readMembers, readUint } from './read-json.ts';
import { requireNetwork } from './require-network.ts';

const NO_ADDRESS = `0x${'0'.repeat(40)}`;

/**
 * An EIP-7702 authorization: {address, nonce, chainId}. Digest: Keccak-256 over 0x05 and rlp([chainId, address, nonce]).
 * Chain id 0 makes it valid on every chain; it is accepted for any `network`, with a warning.
 *
 * @throws InvalidPayload
 */
export function decodeAuthorization(content: JsonValue, context: DecodingContext): DecodedPayload {
  const members = readMembers(content, 'authorization', ['address', 'nonce', 'chainId']);
  const address = readAddress(members.get('address'), 'address');
  const chainId = readUint(members.get('chainId'), 'chainId', MAX_UINT256);
  // EIP-7702 takes nonces below 2^64 - 1 only.
  const nonce = readUint(members.get('nonce'), 'nonce', MAX_UINT64 - 1n);
  if (chainId !== 0n) {
    requireNetwork(context.network, chainId, 'chainId');
  }
  const to = addressText(address);
  const warnings = [
    to === NO_ADDRESS
      ? "Removes the code from the key's account (EIP-7702)."
      : `Lets the code at ${to} act for the key's account and move everything that it holds (EIP-7702).`,
  ];
  if (chainId === 0n) {
    warnings.push('The signature is valid on every chain.');
  }
  return signedDigest(keccak_256(concatBytes(Uint8Array.of(5), RLP.encode([chainId, address, nonce]))), {
    kind: 'decoded',
    chain: 'evm',
    format: 'authorization',
    network: chainId === 0n ? undefined : chainId.toString(),
    transfers: [],
    calls: [],
    fee: undefined,
    expiresAtMs: undefined,
    memo: undefined,
    complete: false,
    warnings,
  });
}
