import { DomainError } from '@countersign/core/domain-error';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** A compiled reader of bodies of one schema: drops `null` members (wire rule 3), checks, never coerces or defaults. */
export function createBodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (body) => {
    const value = dropNullMembers(body);
    if (validator.Check(value)) return value as Static<Schema>;
    const [error] = validator.Errors(value);
    throw new DomainError('invalid_request', describe(error?.instancePath ?? '', error?.message ?? 'is not valid'));
  };
}

/**
 * `null` is absent, for every optional member, at every depth; in lists it stays and is refused by the schema.
 * Members are defined, not assigned, so that no name can reach a prototype.
 */
export function dropNullMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNullMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, dropNullMembers(member)]])),
  );
}

/** Names of members come from the caller where the schema is a map; only plain ones are repeated. */
function describe(pointer: string, message: string): string {
  const path = pointer.slice(1).replaceAll('/', '.');
  return path === ''
    ? `the body ${message}`
    : /^[\w.-]{1,100}$/.test(path)
      ? `${path} ${message}`
      : `a member ${message}`;
}
