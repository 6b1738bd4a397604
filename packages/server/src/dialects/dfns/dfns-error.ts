/** Domain errors on this wire: `{"error":{"id","status","message","details?"}}`, always JSON, never empty. */
import { randomBytes } from 'node:crypto';
import type { DomainError, ErrorSubject } from '@countersign/core/domain-error';
import type { RequestId, WalletId } from '@countersign/core/ids';
import type { Answer } from '../dialect.ts';
import { ERROR_STATUSES } from '../error-statuses.ts';
import { jsonAnswer } from '../json-answer.ts';
import { writeId } from '../prefixed-id.ts';

/** Sentences that the product's own clients were seen to match; everything else is our own text. */
const TEXTS: Readonly<Partial<Record<ErrorSubject, string>>> = {
  'user-action-used': 'user action has already been used',
  'user-action': 'user action signature is missing or invalid',
  challenge: 'Challenge token is not valid.',
};

export function renderError(error: DomainError): Answer {
  const message = error.code === 'proof_required' ? TEXTS['user-action'] : error.subject && TEXTS[error.subject];
  return errorAnswer(ERROR_STATUSES[error.code], message ?? error.message, duplicateOf(error));
}

export function renderFault(status: number, message: string): Answer {
  return errorAnswer(status, message, undefined);
}

/** What is in the way of an `externalId`. */
function duplicateOf({ code, subject, objectId }: DomainError): Readonly<Record<string, unknown>> | undefined {
  if (code !== 'conflict' || objectId === undefined) return undefined;
  if (subject === 'external-id') return { duplicate: { id: writeId('sig', objectId as RequestId) } };
  if (subject === 'wallet') return { duplicate: { id: writeId('wa', objectId as WalletId) } };
  return undefined;
}

function errorAnswer(status: number, message: string, details: Readonly<Record<string, unknown>> | undefined): Answer {
  const id = randomBytes(8).readBigUInt64BE().toString();
  const answer = jsonAnswer(status, { error: { id, status, message, ...(details !== undefined && { details }) } });
  if (status === 503 || status === 429) return { ...answer, headers: { 'retry-after': '1' } };
  if (status === 401) return { ...answer, headers: { 'www-authenticate': 'Bearer realm="countersign"' } };
  return answer;
}
