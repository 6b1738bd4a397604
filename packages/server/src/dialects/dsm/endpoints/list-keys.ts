import { DomainError } from '@countersign/core/domain-error';
import { type KeyId, parseId } from '@countersign/core/ids';
import { Type } from 'typebox';
import type { Endpoint, PublicContext } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { renderSobject, SobjectSchema } from '../sobject.ts';

const MAX_LIMIT = 1000;

/** Members of the query that change nothing with these values, since a listing is like that anyway. */
const ACCEPTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['sort', ['kid', 'kid:asc']],
  ['offset', ['0']],
  ['with_metadata', ['false']],
  ['show_pub_key', ['true']],
  ['show_destroyed', ['false']],
  ['show_deleted', ['false']],
  ['show_value', ['false']],
  ['show_kcv', ['false']],
]);

/** The keys that the caller sees, in order of kid, as a bare array. `start` is exclusive. */
export const listKeys: Endpoint = {
  method: 'GET',
  path: '/crypto/v1/keys',
  authentication: 'api-key-or-session',
  permissions: [],
  request: undefined,
  responses: { 200: Type.Array(SobjectSchema) },
  async handle({ services, caller, query }) {
    const keys = await services.keys.list(caller, readPage(query));
    return jsonAnswer(
      200,
      keys.map((key) => renderSobject(key, caller, undefined)),
    );
  },
};

function readPage(query: PublicContext['query']): { readonly after: KeyId | undefined; readonly limit: number } {
  let after: KeyId | undefined;
  let limit = MAX_LIMIT;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') throw new DomainError('invalid_request', 'a query parameter is given twice');
    if (name === 'start') {
      after = parseId<KeyId>(value);
      if (after === undefined) throw new DomainError('invalid_request', 'start must be the kid of a key');
    } else if (name === 'limit') {
      limit = /^[0-9]{1,9}$/.test(value) ? Number(value) : 0;
      if (limit < 1) throw new DomainError('invalid_request', 'limit must be a whole number from 1');
      limit = Math.min(limit, MAX_LIMIT);
    } else if (ACCEPTED.get(name)?.includes(value) !== true) {
      const known = /^[a-z_]{1,40}$/.test(name) ? `the query parameter ${name}` : 'a query parameter';
      throw new DomainError('not_supported', `${known} with this value is not supported yet`);
    }
  }
  return { after, limit };
}
