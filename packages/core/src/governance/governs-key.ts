import type { KeyRecord } from '../key-record.ts';
import type { Directory } from '../ports/directory.ts';
import type { KeyOrigin } from '../ports/policy-store.ts';
import type { SigningGovernance } from '../signing-governance.ts';
import { buildPolicyIndex } from './policy-index.ts';

/** Name of a policy that could stop a signature of this key; undefined where there is none. */
export type GovernsKey = (key: KeyOrigin & Partial<Pick<KeyRecord, 'derivedFrom'>>) => Promise<string | undefined>;

/**
 * For keys that are to leave: outside they sign without policies. Whether a rule would trigger can't be said, since nobody
 * knows what would be signed there.
 */
export function createGovernsKey(
  directory: Pick<Directory, 'account'>,
  { policies, wallets }: Pick<SigningGovernance, 'policies' | 'wallets'>,
): GovernsKey {
  return async ({ id, accountId, derivedFrom }) => {
    const account = await directory.account(accountId);
    if (account === undefined) return 'of an account that is gone';
    const index = await policies.cached(account, buildPolicyIndex);
    const [ofKey = []] = await wallets.ofKeys(account, [id]);
    return index
      .matchingSigning({ keyId: id, parentId: derivedFrom?.keyId, wallets: ofKey, walletId: undefined })
      .find(({ policy }) => policy.action.kind !== 'none')?.policy.name;
  };
}
