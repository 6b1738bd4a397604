/** Parameters that name objects, as `read-reference.ts` reads them. */
import { Type } from 'typebox';

const idOrName = (object: string) => ({
  [`${object}_id`]: Type.Optional(Type.String()),
  [`${object}_name`]: Type.Optional(Type.String()),
});

export const POLICY_PARAMETERS = idOrName('policy');
export const RULE_PARAMETERS = idOrName('rule');
export const USER_PARAMETERS = idOrName('user');
export const KEY_PARAMETERS = idOrName('key');
