import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DecodedPayload, JsonValue } from '../chain.ts';
import { type DecodingContext, signedDigest } from './decoding-context.ts';
import { readBytes } from './read-json.ts';
import { readableText } from './readable-text.ts';

export const MAX_MESSAGE_BYTES = 131_072;

/**
 * EIP-191 version 0x45, what wallets call `personal_sign`. Content: the message's bytes in hexadecimal digits, with or
 * without `0x`, at most 128 KiB; none at all is a message too. Digest: Keccak-256 over 0x19, `Ethereum Signed Message:`,
 * a line feed, the number of bytes in decimal, the bytes.
 *
 * @throws InvalidPayload
 */
export function decodePersonalMessage(content: JsonValue, _context: DecodingContext): DecodedPayload {
  const message = readBytes(content, 'message', 'optional', MAX_MESSAGE_BYTES);
  const prefix = utf8ToBytes(`\u0019Ethereum Signed Message:\n${message.length}`);
  const text = utf8Text(message);
  const memo = text === undefined ? undefined : readableText(text);
  const warnings: string[] = [];
  if (message.length === 32) {
    // Safe and other contract wallets take an EIP-191 signature over a transaction's hash as consent.
    warnings.push('The message has 32 bytes: it may be the hash of a transaction or order that is not shown.');
  } else if (text === undefined) {
    warnings.push('The message is not text.');
  }
  if (memo?.truncated === true) {
    warnings.push('The message is longer than what is shown.');
  }
  return signedDigest(keccak_256(concatBytes(prefix, message)), {
    kind: 'decoded',
    chain: 'evm',
    format: 'personal-message',
    network: undefined,
    transfers: [],
    calls: [],
    fee: undefined,
    expiresAtMs: undefined,
    memo: memo?.text,
    complete: false,
    warnings,
  });
}

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
