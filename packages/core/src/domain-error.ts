/** The closed list of what can go wrong. Every dialect maps each code to its own wire error, exhaustively. */
export const DOMAIN_ERROR_CODES = [
  /** The request doesn't fit: wrong type, missing or contradictory option, wrong length. */
  'invalid_request',
  /** Nobody, or somebody who couldn't prove it. */
  'unauthenticated',
  /** The session ended or was never there; logging in again helps. */
  'session_expired',
  /** Known caller, visible object, but no grant for this operation. */
  'forbidden',
  /** The key may not do this: operation not among its own, disabled, wrong state. */
  'key_not_usable',
  /** A setting that protects by default forbids it; the message names the setting. */
  'protected_by_default',
  /** A policy said no. */
  'denied_by_policy',
  /** People have to approve first. */
  'approval_required',
  /** The caller has credentials, and this change wasn't proven by one. */
  'proof_required',
  /** No such object, or not visible to the caller: the two are not told apart. */
  'not_found',
  /** A name is taken, or the object isn't in a state for this. */
  'conflict',
  /** The request, or a count in it, is larger than a setting allows. */
  'too_large',
  /** A part of the reference that this version doesn't have. */
  'not_supported',
  /** A signer, the disk or the database is away for the moment; the same request may be sent again. */
  'unavailable',
  /** Other parties of a threshold operation were missing, refused, or disagreed; the message names them. */
  'ceremony_failed',
  /** Too many attempts. */
  'rate_limited',
  /** A fault of ours. Details are in the server's log, never in the answer. */
  'internal',
] as const;

export type DomainErrorCode = (typeof DOMAIN_ERROR_CODES)[number];

/**
 * What exactly a code is about, where a dialect has a word of its own for it. Never needed to understand the code: a
 * dialect without such a word ignores it.
 */
export const ERROR_SUBJECTS = [
  'administrator',
  'api-key',
  'user',
  'user-has-keys',
  'user-name',
  'key',
  'key-not-generated',
  'key-already-generated',
  'quorum',
  'batch-size',
  'room',
  'share-backup',
  'rule',
  'rule-in-use',
  'rule-not-in-policy',
  'policy',
  'policy-in-use-by-keys',
  'policy-in-use-by-users',
  'unique-name',
  'external-id',
  'request',
  'request-state',
  'approval',
  'approval-resolved',
  'already-decided',
  'not-an-approver',
  'archived',
  'change-pending',
  'role',
  'assignment',
  'token',
  'credential',
  'challenge',
  'user-action',
  'user-action-used',
  'exceeds-own',
  'wallet',
  'derivation-path',
  'webhook',
  'passkey',
] as const;
export type ErrorSubject = (typeof ERROR_SUBJECTS)[number];

/**
 * The one error of the domain. `message` is for the caller: it says what to do and carries no secrets and nothing
 * about the inside; `cause` keeps what happened, for the server's log.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: DomainErrorCode;
  readonly subject: ErrorSubject | undefined;
  /** Id of the object that is in the way, where the caller may see it. */
  readonly objectId: string | undefined;

  constructor(
    code: DomainErrorCode,
    message: string,
    options?: ErrorOptions & { readonly subject?: ErrorSubject; readonly objectId?: string },
  ) {
    super(message, options);
    this.code = code;
    this.subject = options?.subject;
    this.objectId = options?.objectId;
  }
}
