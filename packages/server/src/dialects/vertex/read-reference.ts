/** Objects of the administrator's calls by id or by name: `rule_id` or `rule_name`, exactly one of the two. */
import { DomainError } from '@countersign/core/domain-error';
import { type PolicyId, type PrincipalId, parseId, type RuleId } from '@countersign/core/ids';
import type { NamedReference } from '@countersign/core/ports/policy-store';
import type { KeyReference } from '@countersign/core/signing-item';
import type { PublicContext } from '../dialect.ts';
import { readKey } from './read-key.ts';
import { readParameters } from './read-parameters.ts';
import { orThrow } from './refuse.ts';

type Parameters = Pick<PublicContext, 'query' | 'body'>;

/** @throws DomainError `invalid_request` */
export function readPolicy(context: Parameters): NamedReference<PolicyId> {
  return required('policy', readOptional<PolicyId>(context, 'policy'));
}

/** Where the call works without one as well. @throws DomainError `invalid_request` */
export function readOptionalPolicy(context: Parameters): NamedReference<PolicyId> | undefined {
  return readOptional<PolicyId>(context, 'policy');
}

/** @throws DomainError `invalid_request` */
export function readRule(context: Parameters): NamedReference<RuleId> {
  return required('rule', readOptional<RuleId>(context, 'rule'));
}

/** @throws DomainError `invalid_request` */
export function readUser(context: Parameters): NamedReference<PrincipalId> {
  return required('user', readOptional<PrincipalId>(context, 'user'));
}

/** @throws DomainError `invalid_request` */
export function readKeyParameter(context: Parameters): KeyReference {
  return orThrow(readKey(readParameters(context, ['key_id', 'key_name'])));
}

function required<Reference>(object: string, reference: Reference | undefined): Reference {
  if (reference === undefined)
    throw new DomainError('invalid_request', `give exactly one of ${object}_id and ${object}_name`);
  return reference;
}

function readOptional<Id extends PolicyId | RuleId | PrincipalId>(
  context: Parameters,
  object: 'policy' | 'rule' | 'user',
): NamedReference<Id> | undefined {
  const parameters: Readonly<Record<string, string | undefined>> = readParameters(context, [
    `${object}_id`,
    `${object}_name`,
  ]);
  const text = parameters[`${object}_id`];
  const name = parameters[`${object}_name`];
  if (text === undefined) return name === undefined ? undefined : { by: 'name', name };
  if (name !== undefined) return required(object, undefined);
  const id = parseId<Id>(text);
  if (id === undefined) throw new DomainError('invalid_request', `${object}_id must be a UUID`);
  return { by: 'id', id };
}
