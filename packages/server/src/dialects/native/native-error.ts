/** Domain errors of our own API: `{"error":{"code","message","subject"?,"objectId"?}}`; codes are the domain's. */
import type { DomainError, DomainErrorCode } from '@countersign/core/domain-error';
import type { AssignmentId, ChangeId, RequestId, RoleId, WalletId } from '@countersign/core/ids';
import { Type } from 'typebox';
import type { Answer } from '../dialect.ts';
import { ERROR_STATUSES } from '../error-statuses.ts';
import { jsonAnswer } from '../json-answer.ts';
import { writeId } from '../prefixed-id.ts';

/** What a refusal of HTTP itself is called. */
const CODES: Readonly<Record<number, DomainErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'not_found',
  413: 'too_large',
  429: 'rate_limited',
  503: 'unavailable',
};

export const ErrorSchema = Type.Object(
  {
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      subject: Type.Optional(Type.String()),
      objectId: Type.Optional(Type.String()),
    }),
  },
  { title: 'Error' },
);

export function renderError(error: DomainError): Answer {
  const { code, message, subject } = error;
  return errorAnswer(ERROR_STATUSES[code], {
    code,
    message,
    ...(subject !== undefined && { subject }),
    ...objectIdMember(error),
  });
}

/** The id of what is in the way, as its own kind of object writes it; left out where the subject doesn't say which kind. */
export function objectIdMember({ subject, objectId }: DomainError): { readonly objectId?: string } {
  if (objectId === undefined) return {};
  switch (subject) {
    case 'external-id':
      return { objectId: writeId('sig', objectId as RequestId) };
    case 'wallet':
      return { objectId: writeId('wa', objectId as WalletId) };
    case 'change-pending':
      return { objectId: writeId('cg', objectId as ChangeId) };
    case 'archived':
      return { objectId: writeId('pm', objectId as RoleId) };
    case 'assignment':
      return { objectId: writeId('as', objectId as AssignmentId) };
    default:
      return {};
  }
}

export function renderFault(status: number, message: string): Answer {
  return errorAnswer(status, { code: CODES[status] ?? (status < 500 ? 'invalid_request' : 'internal'), message });
}

function errorAnswer(status: number, error: Readonly<Record<string, string>>): Answer {
  const answer = jsonAnswer(status, { error });
  if (status === 401) return { ...answer, headers: { 'www-authenticate': 'Bearer realm="countersign"' } };
  return status === 429 || status === 503 ? { ...answer, headers: { 'retry-after': '1' } } : answer;
}
