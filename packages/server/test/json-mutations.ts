/** For tests: what becomes of a good body when one place of it is damaged in every usual way. */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

export interface Mutation {
  /** What was done, for the message of a failing test. */
  readonly what: string;
  readonly body: unknown;
  /** Whether the schema forbids it, so that it must be refused. */
  readonly isForbidden: boolean;
}

const VALUES: readonly unknown[] = [
  null,
  true,
  7,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  'x',
  'a\u0000b',
  'a\nb',
  '\ud800',
  '<script>',
  '../../etc/passwd',
  'key-00000-00000-0000000000000000',
  'ü'.repeat(5_000),
  [],
  {},
  [[[]]],
  { constructor: { prototype: {} }, toString: 1, length: -1 },
];

/** Every place of `good`, replaced by each of the values above, removed, and with one more member beside it. */
export function mutationsOf(schema: TSchema, good: unknown): readonly Mutation[] {
  return placesOf(good).flatMap((path) => {
    const here = `/${path.join('/')}`;
    const replaced = VALUES.map((value) => [`${here} = ${shown(value)}`, replaceAt(good, path, value)] as const);
    const removed = path.length === 0 ? [] : [[`without ${here}`, replaceAt(good, path, undefined)] as const];
    const at = valueAt(good, path);
    const more = isObject(at)
      ? [[`${here} with an unknown member`, replaceAt(good, path, { ...at, unheardOf: 1 })] as const]
      : [];
    return [...replaced, ...removed, ...more].map(([what, body]) => ({
      what,
      body,
      isForbidden: !Value.Check(schema, body),
    }));
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function placesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (at, name) => (isObject(at) || Array.isArray(at) ? (at as Record<string, unknown>)[name] : at),
    value,
  );
}

/** With `undefined` the place is removed. */
function replaceAt(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => (String(index) === name ? replaceAt(item, rest, by) : item));
    return items.filter((item) => item !== undefined);
  }
  const members = Object.entries(value as object).map(([key, member]) => [
    key,
    key === name ? replaceAt(member, rest, by) : member,
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
