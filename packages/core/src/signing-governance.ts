import type { Approval } from './governance/approval.ts';
import type { OwnerOf, PrincipalNow } from './governance/count-votes.ts';
import type { GovernanceStore } from './ports/governance-store.ts';
import type { PriceSource } from './ports/price-source.ts';
import type { WalletStore } from './ports/wallet-store.ts';
import type { DecodedContent } from './requests/decode-content.ts';
import type { SignatureRequest } from './requests/signature-request.ts';

/** Policies of the account, and what they look at. */
export interface SigningGovernance {
  readonly policies: Pick<GovernanceStore, 'cached'>;
  readonly wallets: Pick<WalletStore, 'ofKeys'>;
  readonly prices: PriceSource;
}

/** An approval, and everybody who decided on it as they are now. */
export interface GivenApproval {
  readonly approval: Approval;
  readonly principalNow: PrincipalNow;
  readonly ownerOf: OwnerOf;
}

/** A stored request on the signing path; its parts are items of the batch, which stand or fall together. */
export interface RequestToSign {
  /** `new`: as it is stored where nothing stands against it. `stored`: as it is in the store. */
  readonly kind: 'new' | 'stored';
  readonly record: SignatureRequest;
  readonly content: DecodedContent;
  /** Of a stored one, where it has been asked for and given. */
  readonly given: GivenApproval | undefined;
}
