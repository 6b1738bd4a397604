/** The other parties, by keygen id. `keygen_ids` and `others_keygen_ids` are synonyms. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';

const MAX_IDS = 64;
const MAX_CHARACTERS = 4096;
/** Opaque here; printable, so that an error can repeat it. */
export const KeygenIdSchema = Type.String({ minLength: 1, maxLength: MAX_CHARACTERS, pattern: '^[!-~]+$' });

export const KeygenIdList = Type.Array(KeygenIdSchema, { minItems: 1, maxItems: MAX_IDS });

/** Members of a request that name parties. */
export const KEYGEN_ID_MEMBERS = {
  keygen_ids: Type.Optional(KeygenIdList),
  others_keygen_ids: Type.Optional(KeygenIdList),
};

/** @throws DomainError `invalid_request` */
export function readKeygenIds(
  preferred: keyof typeof KEYGEN_ID_MEMBERS,
  body: { readonly keygen_ids?: readonly string[]; readonly others_keygen_ids?: readonly string[] },
): readonly string[] {
  const { keygen_ids: ids, others_keygen_ids: others } = body;
  if (ids !== undefined && others !== undefined)
    throw new DomainError('invalid_request', 'keygen_ids and others_keygen_ids mean the same; give one of them');
  const given = ids ?? others;
  if (given === undefined) throw new DomainError('invalid_request', `${preferred} is needed`);
  if (new Set(given).size !== given.length)
    throw new DomainError('invalid_request', `${preferred} names a party twice`);
  return given;
}
