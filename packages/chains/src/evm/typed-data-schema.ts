import type { JsonValue } from '../chain.ts';
import { InvalidPayload, quote } from './invalid-payload.ts';
import { readArray, readMembers } from './read-json.ts';

/** A member's type, parsed. Sizes: `uint` and `int` in bits, `fixedBytes` in bytes; `length` undefined: any. */
export type MemberType =
  | { readonly kind: 'address' | 'bool' | 'string' | 'bytes' }
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  | { readonly kind: 'fixedBytes'; readonly size: number }
  | { readonly kind: 'struct'; readonly name: string }
  | { readonly kind: 'array'; readonly item: MemberType; readonly length: number | undefined };

export interface StructMember {
  readonly name: string;
  readonly type: MemberType;
  /** As it is written in the type's encoding: `Person[]`. */
  readonly typeText: string;
}

/** Struct types by name. Every struct that a member refers to is among them. */
export type TypedDataSchema = ReadonlyMap<string, readonly StructMember[]>;

export const MAX_STRUCTS = 64;
export const MAX_SCHEMA_CHARACTERS = 32_768;
const MAX_ARRAY_DIMENSIONS = 8;

/**
 * Narrower than Solidity's identifiers by `$`: libraries disagree on whether a type name may hold it, so that it would be
 * hashed in two ways.
 */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const TYPE = /^([A-Za-z_][A-Za-z0-9_]{0,127})((?:\[(?:[1-9][0-9]{0,4})?\])*)$/;
/** Names that the standard gives a meaning, or a language close to it: no struct may have them. */
const RESERVED = /^(?:u?int[0-9]*|bytes[0-9]*|address|bool|string|function|u?fixed[0-9x]*|EIP712Domain)$/;

/**
 * Reads `types` (EIP-712, "Definition of typed structured data"). The caller has taken an `EIP712Domain` entry out.
 *
 * @throws InvalidPayload for unknown types, the aliases `uint` and `int`, repeated members, and beyond the limits
 */
export function readSchema(types: ReadonlyMap<string, JsonValue>): TypedDataSchema {
  if (types.size === 0 || types.size > MAX_STRUCTS) {
    throw new InvalidPayload(`types must have 1 to ${MAX_STRUCTS} types, beside EIP712Domain.`);
  }
  for (const name of types.keys()) {
    if (!IDENTIFIER.test(name) || RESERVED.test(name)) {
      throw new InvalidPayload(`types has a type named ${quote(name)}, which can't be the name of a struct.`);
    }
  }
  const structs = new Map<string, readonly StructMember[]>();
  let characters = 0;
  for (const [name, value] of types) {
    const members = readArray(value, `types.${name}`, MAX_SCHEMA_CHARACTERS).map((member, index) =>
      readMember(member, `types.${name}[${index}]`, types),
    );
    if (new Set(members.map((member) => member.name)).size !== members.length) {
      throw new InvalidPayload(`types.${name} has two members of one name.`);
    }
    characters += members.reduce(
      (sum, member) => sum + member.name.length + member.typeText.length + 2,
      name.length + 2,
    );
    if (characters > MAX_SCHEMA_CHARACTERS) {
      throw new InvalidPayload(`types has more than ${MAX_SCHEMA_CHARACTERS} characters.`);
    }
    structs.set(name, members);
  }
  return structs;
}

/**
 * The one struct that no other refers to.
 *
 * @throws InvalidPayload where there is none, or more than one
 */
export function inferPrimaryType(schema: TypedDataSchema): string {
  const referred = new Set<string>();
  for (const [name, members] of schema) {
    for (const { type } of members) {
      const struct = structOf(type);
      if (struct !== undefined && struct !== name) {
        referred.add(struct);
      }
    }
  }
  const [primaryType, ...others] = [...schema.keys()].filter((name) => !referred.has(name));
  if (primaryType === undefined || others.length > 0) {
    throw new InvalidPayload(
      "primaryType is missing and can't be inferred: there must be exactly one type that no other refers to.",
    );
  }
  return primaryType;
}

/**
 * EIP-712 `encodeType`: the struct, then all that it refers to, directly or not, in the order of their names.
 * At most `MAX_SCHEMA_CHARACTERS` characters.
 */
export function encodeType(schema: TypedDataSchema, name: string): string {
  const found = new Set([name]);
  for (const struct of found) {
    for (const { type } of schema.get(struct) ?? []) {
      const referred = structOf(type);
      if (referred !== undefined) {
        found.add(referred);
      }
    }
  }
  found.delete(name);
  return [name, ...[...found].sort()]
    .map((struct) => {
      const members = (schema.get(struct) ?? []).map((member) => `${member.typeText} ${member.name}`);
      return `${struct}(${members.join(',')})`;
    })
    .join('');
}

function structOf(type: MemberType): string | undefined {
  if (type.kind === 'array') {
    return structOf(type.item);
  }
  return type.kind === 'struct' ? type.name : undefined;
}

function readMember(value: JsonValue, where: string, types: ReadonlyMap<string, JsonValue>): StructMember {
  const members = readMembers(value, where, ['name', 'type']);
  const [name, typeText] = [members.get('name'), members.get('type')];
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) {
    throw new InvalidPayload(`${where}.name must be an identifier of at most 128 characters.`);
  }
  if (typeof typeText !== 'string') {
    throw new InvalidPayload(`${where}.type must be a string.`);
  }
  return { name, type: parseType(typeText, `${where}.type`, types), typeText };
}

function parseType(text: string, where: string, types: ReadonlyMap<string, JsonValue>): MemberType {
  const [, base = '', dimensions = ''] = (text.length <= 256 ? TYPE.exec(text) : null) ?? [];
  const lengths = [...dimensions.matchAll(/\[([0-9]*)\]/g)].map(([, length = '']) => length);
  const baseType = elementaryType(base) ?? (types.has(base) ? { kind: 'struct' as const, name: base } : undefined);
  if (baseType === undefined || lengths.length > MAX_ARRAY_DIMENSIONS) {
    throw new InvalidPayload(`${where} is ${quote(text)}, which is neither in types nor a type of EIP-712.`);
  }
  // The leftmost dimension is the innermost, as in Solidity.
  return lengths.reduce<MemberType>(
    (item, length) => ({ kind: 'array', item, length: length === '' ? undefined : Number(length) }),
    baseType,
  );
}

function elementaryType(name: string): MemberType | undefined {
  if (name === 'address' || name === 'bool' || name === 'string' || name === 'bytes') {
    return { kind: name };
  }
  const [, kind, digits] = /^(uint|int|bytes)([1-9][0-9]{0,2})$/.exec(name) ?? [];
  const size = Number(digits);
  if (kind === 'bytes') {
    return size <= 32 ? { kind: 'fixedBytes', size } : undefined;
  }
  return (kind === 'uint' || kind === 'int') && size <= 256 && size % 8 === 0 ? { kind, bits: size } : undefined;
}
