import { DomainError } from '../domain-error.ts';
import { buildPolicyIndex } from '../governance/policy-index.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Directory } from '../ports/directory.ts';
import type { SigningGovernance } from '../signing-governance.ts';

/**
 * A key that has left signs elsewhere, without policies: as long as one that can stop a signature matches the key, it
 * stays. Whether the rule would trigger can't be said, since nobody knows what would be signed.
 *
 * @throws DomainError `denied_by_policy`
 */
export async function refuseGovernedExport(
  { policies, wallets }: Pick<SigningGovernance, 'policies' | 'wallets'>,
  directory: Pick<Directory, 'account'>,
  key: KeyRecord,
): Promise<void> {
  const account = await directory.account(key.accountId);
  if (account === undefined) throw new DomainError('internal', 'the account of a key is gone');
  const index = await policies.cached(account, buildPolicyIndex);
  const [ofKey = []] = await wallets.ofKeys(account, [key.id]);
  const governing = index
    .matchingSigning({ keyId: key.id, parentId: key.derivedFrom?.keyId, wallets: ofKey, walletId: undefined })
    .find(({ policy }) => policy.action.kind !== 'none');
  if (governing !== undefined)
    throw new DomainError(
      'denied_by_policy',
      `policy "${governing.policy.name}" governs signatures of this key, and outside nothing would hold it`,
    );
}
