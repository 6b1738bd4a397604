import fc from 'fast-check';
import type { JsonValue } from '../src/chain.ts';
import { anyAddress, hexBytes } from './evm-fixtures.ts';

/** A type as it is generated; structs get their names when the types are collected. */
type Node =
  | { kind: 'leaf'; type: string }
  | { kind: 'array'; item: Node; length: number | undefined }
  | { kind: 'struct'; name: string; members: readonly Node[] };

/** One value in two forms: our JSON, with numbers as decimal strings, and viem's, with bigints. */
interface Value {
  json: JsonValue;
  viem: unknown;
}

export interface GeneratedTypedData {
  types: Record<string, { name: string; type: string }[]>;
  primaryType: string;
  json: JsonValue;
  viem: Record<string, unknown>;
}

const bits = fc.integer({ min: 1, max: 32 }).map((bytes) => bytes * 8);
const leaf: fc.Arbitrary<Node> = fc
  .oneof(
    fc.constantFrom('address', 'bool', 'string', 'bytes'),
    bits.map((size) => `uint${size}`),
    bits.map((size) => `int${size}`),
    fc.integer({ min: 1, max: 32 }).map((size) => `bytes${size}`),
  )
  .map((type) => ({ kind: 'leaf', type }));

function node(depth: number): fc.Arbitrary<Node> {
  if (depth === 0) {
    return leaf;
  }
  const array = fc
    .record({ item: node(depth - 1), length: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }) })
    .map((type): Node => ({ kind: 'array', ...type }));
  return fc.oneof({ weight: 3, arbitrary: leaf }, array, struct(depth - 1));
}

/** Names begin with different letters, so that the order of the types isn't that of their making. */
function struct(depth: number): fc.Arbitrary<Node & { kind: 'struct' }> {
  return fc
    .record({
      name: fc.stringMatching(/^[A-Za-z_]{1,4}X$/),
      members: fc.array(node(depth), { minLength: 1, maxLength: 4 }),
    })
    .map((type) => ({ kind: 'struct', ...type }));
}

function typeText(type: Node, names: ReadonlyMap<Node, string>): string {
  switch (type.kind) {
    case 'leaf':
      return type.type;
    case 'array':
      return `${typeText(type.item, names)}[${type.length ?? ''}]`;
    case 'struct':
      return names.get(type) ?? '';
  }
}

function structsIn(type: Node): (Node & { kind: 'struct' })[] {
  switch (type.kind) {
    case 'leaf':
      return [];
    case 'array':
      return structsIn(type.item);
    case 'struct':
      return [type, ...type.members.flatMap(structsIn)];
  }
}

function value(type: Node): fc.Arbitrary<Value> {
  if (type.kind === 'array') {
    const size = type.length === undefined ? { maxLength: 3 } : { minLength: type.length, maxLength: type.length };
    return fc
      .array(value(type.item), size)
      .map((items) => ({ json: items.map(({ json }) => json), viem: items.map(({ viem }) => viem) }));
  }
  if (type.kind === 'struct') {
    return fc.tuple(...type.members.map(value)).map((items) => ({
      json: Object.fromEntries(items.map(({ json }, index) => [`m${index}`, json])),
      viem: Object.fromEntries(items.map(({ viem }, index) => [`m${index}`, viem])),
    }));
  }
  return leafValue(type.type);
}

function leafValue(type: string): fc.Arbitrary<Value> {
  const same = (json: JsonValue): Value => ({ json, viem: json });
  const size = Number(/[0-9]+$/.exec(type)?.[0]);
  if (type === 'address') {
    return anyAddress.map(same);
  }
  if (type === 'bool') {
    return fc.boolean().map(same);
  }
  if (type === 'string') {
    return fc.string({ unit: 'binary', maxLength: 40 }).map(same);
  }
  if (type === 'bytes') {
    return hexBytes(0, 70).map(same);
  }
  if (type.startsWith('bytes')) {
    return hexBytes(size).map(same);
  }
  const limit = 2n ** BigInt(type.startsWith('int') ? size - 1 : size);
  const range = fc.bigInt(type.startsWith('int') ? -limit : 0n, limit - 1n);
  return range.map((number) => ({ json: number.toString(), viem: number }));
}

/** Random types, nested and in arrays, with a random value of the primary type. */
export const anyTypedData: fc.Arbitrary<GeneratedTypedData> = struct(3).chain((root) => {
  const structs = structsIn(root);
  const names = new Map(structs.map((type, index) => [type as Node, `${type.name}${index}`]));
  const types = Object.fromEntries(
    structs.map((type) => [
      names.get(type) ?? '',
      type.members.map((member, index) => ({ name: `m${index}`, type: typeText(member, names) })),
    ]),
  );
  return value(root).map(({ json, viem }) => ({
    types,
    primaryType: names.get(root) ?? '',
    json,
    viem: viem as Record<string, unknown>,
  }));
});

/** Domains with at least one member, in the same two forms. */
export const anyDomain: fc.Arbitrary<{ json: Record<string, JsonValue>; viem: Record<string, unknown> }> = fc
  .record(
    {
      name: fc.string({ maxLength: 10 }),
      // Not empty: viem leaves an empty version out, which we refuse unless the types say that it is there.
      version: fc.string({ minLength: 1, maxLength: 4 }),
      chainId: fc.bigInt(1n, 2n ** 64n),
      verifyingContract: anyAddress,
      salt: hexBytes(32),
    },
    { requiredKeys: [] },
  )
  .filter((domain) => Object.keys(domain).length > 0)
  .map((viem) => ({
    viem,
    json: Object.fromEntries(
      Object.entries(viem).map(([name, member]) => [name, typeof member === 'bigint' ? member.toString() : member]),
    ),
  }));
