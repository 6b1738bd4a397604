/** Domain errors on Vertex's wire: `{"err_type", "err_msg"}` under one of four statuses, and no other. */
import type { DomainError, DomainErrorCode, ErrorSubject } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import type { Answer } from '../dialect.ts';
import { jsonAnswer } from '../json-answer.ts';

/** Every word of the API with its status: the 22 of the business, and one for each of the other statuses. */
export const ERR_TYPES = {
  already_performed_keygen: 400,
  api_key_not_found: 400,
  bad_n_and_t_params: 400,
  bad_request_params: 400,
  batch_too_large: 400,
  executor_result: 400,
  key_id_not_exists: 400,
  key_operation_before_keygen: 400,
  policy_in_use_by_keys: 400,
  policy_in_use_by_users: 400,
  policy_not_found: 400,
  policy_validation_failed: 400,
  room_creation_problem: 400,
  rule_in_use: 400,
  rule_not_found: 400,
  rule_not_in_policy: 400,
  server_share_backup_setting_disabled: 400,
  unique_violation: 400,
  user_has_associated_keys: 400,
  user_id_not_exists: 400,
  user_name_already_exists: 400,
  you_have_to_be_admin: 400,
  access_denied: 401,
  not_found: 404,
  internal_problem: 500,
} as const;
export type ErrType = keyof typeof ERR_TYPES;

export interface WireError {
  readonly errType: ErrType;
  readonly errMsg: string;
}

export const ErrorSchema = Type.Object(
  {
    err_type: Type.Union(Object.keys(ERR_TYPES).map((word) => Type.Literal(word))),
    err_msg: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);

/**
 * Exhaustive: a new code doesn't compile until it has a line here. What this server's own rules refuse (grants, the
 * key's state, protecting defaults, policies, approvals) is one word on this wire; the message says which it was.
 */
const BY_CODE: Readonly<Record<DomainErrorCode, ErrType>> = {
  invalid_request: 'bad_request_params',
  unauthenticated: 'access_denied',
  session_expired: 'access_denied',
  forbidden: 'policy_validation_failed',
  key_not_usable: 'policy_validation_failed',
  protected_by_default: 'policy_validation_failed',
  denied_by_policy: 'policy_validation_failed',
  approval_required: 'policy_validation_failed',
  proof_required: 'policy_validation_failed',
  // Keys are what nearly every call names; other objects name themselves as the subject.
  not_found: 'key_id_not_exists',
  // Taken names say that they are one; otherwise the object isn't in a state for the call.
  conflict: 'bad_request_params',
  too_large: 'bad_request_params',
  not_supported: 'bad_request_params',
  unavailable: 'internal_problem',
  ceremony_failed: 'executor_result',
  rate_limited: 'internal_problem',
  internal: 'internal_problem',
};

interface SubjectWord {
  readonly errType: ErrType;
  /** The codes under which the subject has this word; with any other code, the code decides. */
  readonly under: readonly DomainErrorCode[];
}

/** What the caller, the request or the state of things is at fault for, and not a rule or the server. */
const FAULTS: readonly DomainErrorCode[] = ['invalid_request', 'forbidden', 'key_not_usable', 'not_found', 'conflict'];

/** Subjects that this API has a word for; with any other, the code decides. */
const BY_SUBJECT: Readonly<Partial<Record<ErrorSubject, SubjectWord>>> = {
  administrator: { errType: 'you_have_to_be_admin', under: FAULTS },
  'api-key': { errType: 'api_key_not_found', under: ['not_found'] },
  user: { errType: 'user_id_not_exists', under: ['not_found'] },
  'user-has-keys': { errType: 'user_has_associated_keys', under: FAULTS },
  'user-name': { errType: 'user_name_already_exists', under: ['conflict'] },
  key: { errType: 'key_id_not_exists', under: ['not_found'] },
  'key-not-generated': { errType: 'key_operation_before_keygen', under: FAULTS },
  'key-already-generated': { errType: 'already_performed_keygen', under: FAULTS },
  quorum: { errType: 'bad_n_and_t_params', under: FAULTS },
  'batch-size': { errType: 'batch_too_large', under: [...FAULTS, 'too_large'] },
  room: { errType: 'room_creation_problem', under: ['unavailable', 'too_large', 'rate_limited'] },
  'share-backup': { errType: 'server_share_backup_setting_disabled', under: [...FAULTS, 'not_supported'] },
  rule: { errType: 'rule_not_found', under: ['not_found'] },
  'rule-in-use': { errType: 'rule_in_use', under: FAULTS },
  'rule-not-in-policy': { errType: 'rule_not_in_policy', under: FAULTS },
  policy: { errType: 'policy_not_found', under: ['not_found'] },
  'policy-in-use-by-keys': { errType: 'policy_in_use_by_keys', under: FAULTS },
  'policy-in-use-by-users': { errType: 'policy_in_use_by_users', under: FAULTS },
  'unique-name': { errType: 'unique_violation', under: ['conflict'] },
};

/** The word of a code and subject. What is internal keeps its text inside. */
export function wireError(code: DomainErrorCode, reason: string, subject?: ErrorSubject): WireError {
  const word = subject === undefined ? undefined : BY_SUBJECT[subject];
  const errType = word?.under.includes(code) === true ? word.errType : BY_CODE[code];
  return { errType, errMsg: code === 'internal' ? 'internal error' : reason };
}

export function errorAnswer({ errType, errMsg }: WireError): Answer {
  const status = ERR_TYPES[errType];
  const answer = jsonAnswer(status, { err_type: errType, err_msg: errMsg });
  return status === 401 ? { ...answer, headers: { 'www-authenticate': 'ApiKey realm="countersign"' } } : answer;
}

export function renderError(error: DomainError): Answer {
  const answer = errorAnswer(wireError(error.code, error.message, error.subject));
  const again = error.code === 'unavailable' || error.code === 'rate_limited';
  return again ? { ...answer, headers: { 'retry-after': '1' } } : answer;
}

/**
 * Refusals of HTTP itself. Only the API's four statuses are used: its clients were made from a description that has no
 * others, so that a body over the limit is a 400 and a method that a path doesn't have is a 404.
 */
export function renderFault(status: number, message: string): Answer {
  if (status === 401) return errorAnswer({ errType: 'access_denied', errMsg: message });
  if (status === 404 || status === 405) return errorAnswer({ errType: 'not_found', errMsg: message });
  if (status < 500) return errorAnswer({ errType: 'bad_request_params', errMsg: message });
  const answer = errorAnswer({ errType: 'internal_problem', errMsg: message });
  return status === 503 ? { ...answer, headers: { 'retry-after': '1' } } : answer;
}
