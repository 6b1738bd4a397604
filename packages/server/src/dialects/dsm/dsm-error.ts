/** Domain errors on DSM's wire: a bare sentence as text, no quotes, no line end (clients compare the whole body). */
import type { DomainError, DomainErrorCode } from '@countersign/core/domain-error';
import type { Answer } from '../dialect.ts';

interface WireError {
  readonly status: number;
  /** Where clients compare the sentence, it is fixed; otherwise the error's own message is sent. */
  readonly text?: string;
}

/**
 * Exhaustive: a new code doesn't compile until it has a line here. A part of the reference that isn't built is the
 * caller's 400, not a 5xx: sending it again won't help, and it is no fault of the server.
 */
const WIRE_ERRORS: Readonly<Record<DomainErrorCode, WireError>> = {
  invalid_request: { status: 400 },
  unauthenticated: { status: 401 },
  session_expired: { status: 401, text: 'Session does not exist' },
  forbidden: { status: 403 },
  key_not_usable: { status: 403 },
  protected_by_default: { status: 403 },
  denied_by_policy: { status: 403 },
  proof_required: { status: 403 },
  approval_required: { status: 403, text: 'This operation requires approval' },
  not_found: { status: 404 },
  conflict: { status: 409 },
  too_large: { status: 413 },
  not_supported: { status: 400 },
  unavailable: { status: 503 },
  ceremony_failed: { status: 503 },
  rate_limited: { status: 429 },
  internal: { status: 500, text: 'internal error' },
};

/** Status and text of a code; `reason` is the text unless the wire fixes it. */
export function wireError(code: DomainErrorCode, reason: string): { readonly status: number; readonly text: string } {
  const { status, text } = WIRE_ERRORS[code];
  return { status, text: text ?? reason };
}

export function renderError(error: DomainError): Answer {
  const { status, text } = wireError(error.code, error.message);
  return renderFault(status, text);
}

export function renderFault(status: number, message: string): Answer {
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Basic realm="countersign"';
  if (status === 503 || status === 429) headers['retry-after'] = '1';
  return { status, headers, contentType: 'text/plain; charset=utf-8', body: message };
}
