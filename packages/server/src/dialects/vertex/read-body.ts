import { DomainError } from '@countersign/core/domain-error';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * A compiled reader of bodies of one schema. `null` members are absent, unknown ones are ignored, nothing is coerced or
 * filled in.
 */
export function createBodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (body) => {
    if (body === undefined) throw new DomainError('invalid_request', 'the body must be a JSON object; it is empty');
    const value = dropNullMembers(body);
    if (validator.Check(value)) return value as Static<Schema>;
    const [error] = validator.Errors(value);
    const path = (error?.instancePath ?? '').slice(1).replaceAll('/', '.');
    throw new DomainError('invalid_request', describe(path, error?.message ?? 'is not valid'));
  };
}

/** Members are defined, not assigned, so that no name can reach a prototype. */
function dropNullMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function describe(path: string, message: string): string {
  if (path === '') return `the body ${message}`;
  return /^[\w.-]{1,100}$/.test(path) ? `${path} ${message}` : `a member ${message}`;
}
