/** The JSON text that a credential signs instead of the challenge itself. */
import { timingSafeEqual } from 'node:crypto';

const MAX_BYTES = 4_096;

/**
 * Whether the bytes are a JSON object with this `type` and this `challenge`; what else it has is the signer's own. At most
 * 4 KiB of well-formed UTF-8.
 */
export function isClientData(bytes: Uint8Array, type: 'key.get' | 'key.create', challenge: string): boolean {
  if (bytes.length > MAX_BYTES) return false;
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
  if (typeof parsed !== 'object' || parsed === null) return false;
  const { type: itsType, challenge: itsChallenge } = parsed as {
    readonly type?: unknown;
    readonly challenge?: unknown;
  };
  return itsType === type && typeof itsChallenge === 'string' && isSameText(itsChallenge, challenge);
}

function isSameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
