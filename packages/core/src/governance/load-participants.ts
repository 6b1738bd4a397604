import type { PrincipalId } from '../ids.ts';
import type { Directory } from '../ports/directory.ts';
import type { Principal } from '../principal.ts';
import type { Approval } from './approval.ts';
import { type OwnerOf, ownersAmong, type PrincipalNow } from './count-votes.ts';

export interface Participants {
  /** Whether it was looked for. */
  readonly knows: (id: PrincipalId) => boolean;
  readonly principalNow: PrincipalNow;
  readonly ownerOf: OwnerOf;
}

/**
 * Who asked, everybody that has decided, and `more`, as they are now, with those who made the services among them.
 * At most two readings for each.
 */
export async function loadParticipants(
  approval: Pick<Approval, 'decisions' | 'initiatorId'>,
  directory: Pick<Directory, 'principal'>,
  more: readonly PrincipalId[] = [],
): Promise<Participants> {
  const principals = new Map<PrincipalId, Principal | undefined>();
  const load = async (id: PrincipalId): Promise<Principal | undefined> => {
    if (!principals.has(id)) principals.set(id, await directory.principal(id));
    return principals.get(id);
  };
  const ids = new Set([approval.initiatorId, ...more, ...approval.decisions.map(({ principalId }) => principalId)]);
  for (const id of ids) {
    const principal = await load(id);
    if (principal?.kind === 'service' && principal.createdBy !== undefined) await load(principal.createdBy);
  }
  const principalNow: PrincipalNow = (id) => principals.get(id);
  return { knows: (id) => ids.has(id), principalNow, ownerOf: ownersAmong(principalNow) };
}
