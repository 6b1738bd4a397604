import type { AccountId } from '../ids.ts';
import type { Directory } from '../ports/directory.ts';
import type { GovernanceStore } from '../ports/governance-store.ts';
import type { ActivityKind } from './approval.ts';
import { judgeChange } from './judge-item.ts';
import { buildPolicyIndex } from './policy-index.ts';

/** Whether people have to be asked about a change of this kind, or policy forbids it: for changes that can't wait. */
export type IsGoverned = (accountId: AccountId, activity: ActivityKind) => Promise<boolean>;

export function createIsGoverned(
  directory: Pick<Directory, 'account'>,
  governance: Pick<GovernanceStore, 'cached'>,
): IsGoverned {
  return async (accountId, activity) => {
    const account = await directory.account(accountId);
    if (account === undefined) return true;
    return judgeChange(await governance.cached(account, buildPolicyIndex), activity, {}).verdict !== 'allow';
  };
}
