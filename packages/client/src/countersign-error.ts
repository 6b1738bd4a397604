/** What the service itself calls a failure, in `{"error":{"code"}}`. */
export const SERVICE_ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'session_expired',
  'forbidden',
  'key_not_usable',
  'protected_by_default',
  'denied_by_policy',
  'approval_required',
  'proof_required',
  'not_found',
  'conflict',
  'too_large',
  'not_supported',
  'unavailable',
  'ceremony_failed',
  'rate_limited',
  'internal',
] as const;

/**
 * `unreachable`: no answer came. `timed_out`: none came in time; the call may have happened. `unexpected_answer`: what
 * answered isn't this service. `aborted`: the caller's signal ended it (only in results of `signBatch`; a call itself
 * rejects with the signal's reason).
 */
export type ErrorCode =
  | (typeof SERVICE_ERROR_CODES)[number]
  | 'unreachable'
  | 'timed_out'
  | 'unexpected_answer'
  | 'aborted';

export interface ErrorFacts {
  /** HTTP status; undefined where there was no answer, and for an item of a batch. */
  readonly status?: number | undefined;
  /** What exactly the code is about: `external-id`, `challenge`. */
  readonly subject?: string | undefined;
  /** Id of the object that is in the way, or that was waited for. */
  readonly objectId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The service can't have seen the call. */
  readonly isUnsent?: boolean;
  readonly cause?: unknown;
}

/** The one error of this client. Decide by `code`, never by the text, which may change. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: ErrorCode;
  readonly status: number | undefined;
  readonly subject: string | undefined;
  readonly objectId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isUnsent: boolean;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.subject = facts.subject;
    this.objectId = facts.objectId;
    this.retryAfterMs = facts.retryAfterMs;
    this.isUnsent = facts.isUnsent ?? false;
  }
}

/** A code as it came: one that this version doesn't know is a service's of another version. */
export function readErrorCode(code: unknown): ErrorCode {
  return SERVICE_ERROR_CODES.find((known) => known === code) ?? 'unexpected_answer';
}
