import { type Grant, isAdministrator, type Permission } from '../principal.ts';

/**
 * What is left of grants where only `permissions` are allowed: never more than the grants, on the same scopes. An
 * administrator's grant stands for every permission, and so becomes exactly the allowed ones.
 */
export function narrowGrants(grants: readonly Grant[], permissions: ReadonlySet<Permission>): readonly Grant[] {
  if (permissions.has('administer')) return grants;
  return grants.flatMap((grant) => {
    const left = isAdministrator(grant) ? [...permissions] : grant.permissions.filter((each) => permissions.has(each));
    return left.length === 0 ? [] : [{ scope: grant.scope, permissions: left }];
  });
}
