/** For tests: members that an answer has and its schema doesn't know, which a JSON schema alone lets pass. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

type Json = Readonly<Record<string, unknown>>;

/** Paths of the members that no schema says anything about; empty where all are described. */
export function unknownMembers(schema: TSchema, value: unknown, path = ''): readonly string[] {
  return unknownIn([schema as Json], value, path);
}

/** What is against the schema, unknown members among it. */
export function complaintsAbout(schema: TSchema, value: unknown): readonly string[] {
  const errors = Value.Errors(schema, value).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return [...errors, ...unknownMembers(schema, value).map((path) => `${path} is in no schema`)];
}

/** @param schemas all that the value must fulfil */
function unknownIn(schemas: readonly Json[], value: unknown, path: string): readonly string[] {
  const parts = schemas.flatMap((schema) => partsOf(schema, value));
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    const items = parts.flatMap(({ items }) => (isObject(items) ? [items] : []));
    return value.flatMap((item, index) => unknownIn(items, item, `${path}/${index}`));
  }
  // A schema without a word about members takes any on purpose: `Unknown`.
  if (parts.some((part) => part['properties'] === undefined && part['patternProperties'] === undefined)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const known = parts.flatMap(({ properties, patternProperties }) => [
      ...(isObject(properties) && isObject(properties[name]) ? [properties[name]] : []),
      ...(isObject(patternProperties)
        ? Object.entries(patternProperties).flatMap(([pattern, each]) =>
            new RegExp(pattern).test(name) && isObject(each) ? [each] : [],
          )
        : []),
    ]);
    return known.length === 0 ? [`${path}/${name}`] : unknownIn(known, member, `${path}/${name}`);
  });
}

/** A schema without its unions and intersections: of a union the branches that the value fulfils. */
function partsOf(schema: Json, value: unknown): readonly Json[] {
  const { allOf, anyOf } = schema;
  if (Array.isArray(allOf)) return allOf.flatMap((each: Json) => partsOf(each, value));
  if (Array.isArray(anyOf)) {
    const fitting = (anyOf as readonly TSchema[]).filter((each) => Value.Check(each, value));
    return fitting.slice(0, 1).flatMap((each) => partsOf(each as Json, value));
  }
  return [schema];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
