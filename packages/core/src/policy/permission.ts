import { holdsPermission } from '../principal.ts';
import { ALLOW, deny, type Rule } from './rule.ts';

/** The principal must hold `sign` on the key, its group, or the account. */
export const permission: Rule = {
  name: 'permission',
  judge: ({ principal, key }) =>
    holdsPermission(principal, 'sign', { groupId: key.groupId, keyId: key.id })
      ? ALLOW
      : deny('forbidden', 'the caller may not sign with keys of this group'),
};
