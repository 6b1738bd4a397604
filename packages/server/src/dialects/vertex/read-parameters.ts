/**
 * Parameters of calls that were published with a query. They are read from the body as well, where the call is made
 * by POST or DELETE, since what is in a URL ends up in the logs of proxies.
 */
import { DomainError } from '@countersign/core/domain-error';
import type { PublicContext } from '../dialect.ts';

const MAX_CHARACTERS = 4096;

/** The text of each named parameter that was given. @throws DomainError `invalid_request` */
export function readParameters<Name extends string>(
  { query, body }: Pick<PublicContext, 'query' | 'body'>,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
    throw new DomainError('invalid_request', 'the body must be a JSON object, or empty');
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const inQuery = ownMember(query, name);
    const inBody = ownMember(body ?? {}, name);
    if (inQuery !== undefined && inBody !== undefined)
      throw new DomainError('invalid_request', `${name} is given in the query and in the body`);
    const value = inQuery ?? inBody;
    if (value === undefined) continue;
    if (Array.isArray(value)) throw new DomainError('invalid_request', `${name} is given twice`);
    if (typeof value !== 'string' || value === '' || value.length > MAX_CHARACTERS || !value.isWellFormed())
      throw new DomainError('invalid_request', `${name} must be a text of 1 to ${MAX_CHARACTERS} characters`);
    found[name] = value;
  }
  return found;
}

/** One parameter that must be there. @throws DomainError `invalid_request` */
export function readParameter(context: Pick<PublicContext, 'query' | 'body'>, name: string): string {
  const value = readParameters(context, [name])[name];
  if (value === undefined) throw new DomainError('invalid_request', `the parameter ${name} is needed`);
  return value;
}

function ownMember(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? ((object as Record<string, unknown>)[name] ?? undefined) : undefined;
}
