/** Which key a call means: exactly one of `key_id` and `key_name`. */
import { type KeyId, parseId } from '@countersign/core/ids';
import type { KeyReference, ParsedItem } from '@countersign/core/signing-item';
import { Type } from 'typebox';
import type { PublicContext } from '../dialect.ts';
import { orThrow, refuse } from './refuse.ts';

const MAX_NAME_CHARACTERS = 4096;

/** Members of a request that name its key. */
export const KEY_MEMBERS = {
  key_id: Type.Optional(Type.String({ description: 'This or key_name.' })),
  key_name: Type.Optional(Type.String({ description: 'This or key_id.' })),
};

export function readKey(raw: { readonly key_id?: unknown; readonly key_name?: unknown }): ParsedItem<KeyReference> {
  const { key_id: id, key_name: name } = raw;
  if ((id == null) === (name == null)) return NOT_ONE;
  return id == null ? readName(name) : readId(id);
}

/** The key in a path. @throws DomainError `invalid_request` */
export function readPathKey(params: PublicContext['params']): KeyReference {
  return orThrow(readId(params['key_id']));
}

function readId(value: unknown): ParsedItem<KeyReference> {
  const id = typeof value === 'string' ? parseId<KeyId>(value) : undefined;
  return id === undefined ? BAD_ID : { ok: true, item: { by: 'id', id } };
}

function readName(value: unknown): ParsedItem<KeyReference> {
  return isName(value) ? { ok: true, item: { by: 'name', name: value } } : BAD_NAME;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_CHARACTERS && value.isWellFormed();
}

const NOT_ONE = refuse('give exactly one of key_id and key_name');
const BAD_ID = refuse('key_id must be a UUID');
const BAD_NAME = refuse(`key_name must be a name of 1 to ${MAX_NAME_CHARACTERS} characters`);
