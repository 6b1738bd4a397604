/** Groups, rule servers and rule sets, whose ids are plain UUIDs. */
import { DomainError, type ErrorSubject } from '@countersign/core/domain-error';
import { type GroupId, type PolicyId, parseId, type RuleId } from '@countersign/core/ids';
import { Type } from 'typebox';

type UuidId = GroupId | RuleId | PolicyId;

export const UuidSchema = Type.String({ format: 'uuid' });

/** From a body. @throws DomainError `invalid_request` that names the member */
export function readUuid<Id extends UuidId>(member: string, text: string): Id {
  const id = parseId<Id>(text);
  if (id === undefined) throw new DomainError('invalid_request', `${member} must be a UUID`);
  return id;
}

/** From a path: what can't be an id is answered as one that isn't there. @throws DomainError `not_found` */
export function readPathUuid<Id extends UuidId>(
  subject: ErrorSubject & ('rule' | 'policy'),
  text: string | undefined,
): Id {
  const id = parseId<Id>(text ?? '');
  if (id === undefined) throw new DomainError('not_found', `no such ${subject}`, { subject });
  return id;
}
