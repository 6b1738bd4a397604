import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { type Hex, toHex } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import type { ChainKey, DecodedPayload, JsonValue, RawSignature } from '../src/chain.ts';
import { evm } from '../src/evm/evm-chain.ts';
import type { DecodedView } from '../src/view.ts';

/** The private key of EIP-155's example. */
const PRIVATE_KEY = '46'.repeat(32);

export const KEY: ChainKey = {
  algorithm: 'ecdsa-secp256k1',
  publicKey: secp256k1.getPublicKey(hexToBytes(PRIVATE_KEY), false),
};
/** Of that key, with checksum, as viem writes addresses. */
export const CHECKSUMMED: Hex = privateKeyToAddress(`0x${PRIVATE_KEY}`);
export const SELF: string = CHECKSUMMED.toLowerCase();

/** A deterministic low-S signature by the test key, or by the one of this private key. */
export function sign(digest: Uint8Array, privateKey: Uint8Array = hexToBytes(PRIVATE_KEY)): RawSignature {
  const recovered = secp256k1.sign(digest, privateKey, { prehash: false, format: 'recovered' });
  return { bytes: recovered.subarray(1), recoveryId: recovered[0] };
}

/** @throws Error with the reason where the payload is refused */
export function decode(format: string, content: JsonValue, network?: string): DecodedPayload {
  const decoding = evm.decode({ chain: 'evm', format, network, content }, KEY);
  if (!decoding.ok) {
    throw new Error(`refused: ${decoding.reason}`);
  }
  return decoding.value;
}

/** The reason of a refusal. @throws Error where the payload is accepted */
export function refusal(format: string, content: JsonValue, network?: string): string {
  const decoding = evm.decode({ chain: 'evm', format, network, content }, KEY);
  if (decoding.ok) {
    throw new Error('accepted');
  }
  return decoding.reason;
}

export function viewOf(payload: DecodedPayload): DecodedView {
  if (payload.view.kind !== 'decoded') {
    throw new Error('opaque');
  }
  return payload.view;
}

export function digestOf(payload: DecodedPayload): Hex {
  const [part, ...others] = payload.parts;
  if (part?.kind !== 'digest' || others.length > 0) {
    throw new Error('not one digest');
  }
  return toHex(part.bytes);
}

/** Signs the one digest with the test key. */
export function assembled(payload: DecodedPayload): {
  encoded: Hex;
  signedData: Hex | undefined;
  details: Readonly<Record<string, string | number>>;
} {
  const [part] = payload.parts;
  if (part === undefined) {
    throw new Error('no part');
  }
  const { encoded, signedData, details = {} } = payload.assemble([sign(part.bytes)]);
  const [first] = encoded;
  if (first === undefined) {
    throw new Error('no encoded signature');
  }
  return { encoded: toHex(first), signedData: signedData === undefined ? undefined : toHex(signedData), details };
}

export function hexBytes(minLength: number, maxLength = minLength): fc.Arbitrary<Hex> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => toHex(bytes));
}

export const anyAddress: fc.Arbitrary<Hex> = hexBytes(20);
export const anyUint256: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(0n, 2n ** 256n - 1n),
  fc.bigInt(0n, 300n),
  fc.constantFrom(0n, 127n, 128n, 2n ** 256n - 1n),
);
