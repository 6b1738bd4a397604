/** An answer that isn't the wanted one, as an error. */
import { CountersignError, type ErrorCode, readErrorCode } from './countersign-error.ts';

const MAX_MESSAGE_CHARACTERS = 2_000;
const MS_PER_SECOND = 1_000;

/** What it means where a proxy in front of the service answers in its stead. */
const CODES_OF_PROXIES: Readonly<Record<number, ErrorCode>> = {
  413: 'too_large',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** @param text the answer's body */
export function errorOfAnswer(response: Response, text: string): CountersignError {
  const { status } = response;
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  const { code, message, subject, objectId } = readErrorBody(text);
  if (typeof code !== 'string' || typeof message !== 'string')
    return new CountersignError(CODES_OF_PROXIES[status] ?? 'unexpected_answer', `HTTP status ${status}`, {
      status,
      retryAfterMs,
    });
  return new CountersignError(readErrorCode(code), message.slice(0, MAX_MESSAGE_CHARACTERS), {
    status,
    retryAfterMs,
    ...(typeof subject === 'string' && { subject }),
    ...(typeof objectId === 'string' && { objectId }),
  });
}

/** Its members are whatever came; none for a body that isn't an error of the service. */
function readErrorBody(text: string): Readonly<Partial<Record<'code' | 'message' | 'subject' | 'objectId', unknown>>> {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'object' && error !== null ? error : {};
  } catch {
    return {};
  }
}

/** Seconds only: a date would need the two clocks to agree. */
function readRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * MS_PER_SECOND : undefined;
}
