import type { DecodedPayload, JsonValue } from '../chain.ts';
import { OPAQUE_VIEW } from '../view.ts';
import { type DecodingContext, signedDigest } from './decoding-context.ts';
import { InvalidPayload } from './invalid-payload.ts';
import { readBytes } from './read-json.ts';

const DIGEST_BYTES = 32;

/**
 * 32 bytes in hexadecimal digits, with or without `0x`, signed as they are: what an account hashed for itself. Nobody can
 * see what it means, so the view is opaque; it is a format only for the signature's form.
 *
 * @throws InvalidPayload
 */
export function decodeDigest(content: JsonValue, _context: DecodingContext): DecodedPayload {
  const digest = readBytes(content, 'digest', 'optional', DIGEST_BYTES);
  if (digest.length !== DIGEST_BYTES) {
    throw new InvalidPayload(`digest must have ${DIGEST_BYTES} bytes.`);
  }
  return signedDigest(digest, OPAQUE_VIEW);
}
