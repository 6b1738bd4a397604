/** A key's policy isn't shaken off by having a share of it elsewhere, or a second one here. */
import { DomainError } from '../domain-error.ts';
import type { GovernsKey } from '../governance/governs-key.ts';
import type { AccountId, KeyId } from '../ids.ts';
import type { PolicyStore } from '../ports/policy-store.ts';
import type { ThresholdShare, ThresholdStore } from '../ports/threshold-store.ts';

const PAGE = 1000;

export interface PolicyGuard {
  /** A share that leaves can sign where no policy of this server is asked. @throws DomainError `denied_by_policy` */
  refuseToLeave(share: ThresholdShare): Promise<void>;
  /**
   * A second share of a key that has a policy here would be a way to sign without it: from a backup that is older than
   * the policy, or by joining the quorum once more as somebody new.
   * @param own the new share
   * @throws DomainError `denied_by_policy`
   */
  refuseSecondShare(own: { readonly accountId: AccountId; readonly id: KeyId }, groupKey: Uint8Array): Promise<void>;
}

export function createPolicyGuard(
  shares: Pick<ThresholdStore, 'list'>,
  policies: Pick<PolicyStore, 'effective'>,
  governsKey: GovernsKey | undefined,
): PolicyGuard {
  const hasPolicy = async (share: ThresholdShare): Promise<boolean> =>
    (await policies.effective(share)) !== undefined || (await governsKey?.(share)) !== undefined;
  return {
    async refuseToLeave(share) {
      if (await hasPolicy(share))
        throw new DomainError('denied_by_policy', 'the key has a policy, and is not exported; detach the policy first');
    },

    async refuseSecondShare({ accountId, id }, groupKey) {
      const key = groupKey.toHex();
      let after: KeyId | undefined;
      for (;;) {
        const page = await shares.list({ accountId, after, limit: PAGE });
        for (const share of page) {
          const isSame = share.id !== id && share.facts?.groupKey.toHex() === key;
          if (isSame && (await hasPolicy(share)))
            throw new DomainError(
              'denied_by_policy',
              'the key is here already, with a policy; detach the policy first',
            );
        }
        after = page.at(-1)?.id;
        if (after === undefined) return;
      }
    },
  };
}
