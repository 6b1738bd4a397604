import type { DomainErrorCode } from '@countersign/core/domain-error';

/**
 * HTTP statuses of dialects whose wire has the usual ones. Exhaustive: a new code doesn't compile until it has a line here.
 * A part that isn't built is the caller's 400, not a 5xx: sending it again won't help, and it is no fault of the server.
 */
export const ERROR_STATUSES: Readonly<Record<DomainErrorCode, number>> = {
  invalid_request: 400,
  unauthenticated: 401,
  session_expired: 401,
  forbidden: 403,
  key_not_usable: 403,
  protected_by_default: 403,
  denied_by_policy: 403,
  approval_required: 403,
  proof_required: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  not_supported: 400,
  unavailable: 503,
  ceremony_failed: 503,
  rate_limited: 429,
  internal: 500,
};
