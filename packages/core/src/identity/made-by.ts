import type { PrincipalId } from '../ids.ts';
import type { Directory } from '../ports/directory.ts';
import type { Principal } from '../principal.ts';

/**
 * Who counts as the maker of a service that this principal makes: the person behind it, where it is itself a service of a
 * person. Otherwise a person could make a service that makes another one, which would then vote beside its person.
 */
export async function madeBy(directory: Pick<Directory, 'principal'>, maker: Principal): Promise<PrincipalId> {
  if (maker.kind !== 'service' || maker.createdBy === undefined) return maker.id;
  const owner = await directory.principal(maker.createdBy);
  return owner?.kind === 'user' ? owner.id : maker.id;
}
