import { DomainError } from '@countersign/core/domain-error';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * A compiled reader of bodies of one schema: checks, never coerces or fills in. `absent` takes out the members that a
 * dialect counts as not given.
 */
export function createBodyReaderWith<Schema extends TSchema>(
  schema: Schema,
  absent: (body: unknown) => unknown,
): (body: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (body) => {
    if (body === undefined) throw new DomainError('invalid_request', 'the body must be a JSON object; it is empty');
    const value = absent(body);
    if (validator.Check(value)) return value as Static<Schema>;
    const [error] = validator.Errors(value);
    throw new DomainError('invalid_request', describe(error?.instancePath ?? '', messageOf(error)));
  };
}

/**
 * Without the members of an object that are `null`. Members are defined, not assigned, so that no name can reach a
 * prototype.
 */
export function withoutNullMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** As `withoutNullMembers`, at every depth; in lists `null` stays and is refused by the schema. */
export function withoutNullsAtAnyDepth(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullsAtAnyDepth);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === null ? [] : [[name, withoutNullsAtAnyDepth(member)]],
    ),
  );
}

/** Where only some words are right, they are named. */
function messageOf(error: ReturnType<ReturnType<typeof Compile>['Errors']>[number] | undefined): string {
  if (error?.keyword === 'enum') return `must be one of ${error.params.allowedValues.join(', ')}`;
  return error?.message ?? 'is not valid';
}

/** Names of members come from the caller where the schema is a map; only plain ones are repeated. */
function describe(pointer: string, message: string): string {
  const path = pointer.slice(1).replaceAll('/', '.');
  if (path === '') return `the body ${message}`;
  return /^[\w.-]{1,100}$/.test(path) ? `${path} ${message}` : `a member ${message}`;
}
