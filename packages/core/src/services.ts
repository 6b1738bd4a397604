/** What a dialect may call: the commands of the core, and nothing beneath them. */
import type { Governance } from './governance/governance.ts';
import type { Identities } from './identity/identities.ts';
import type { Registration } from './identity/registration.ts';
import type { UserActions } from './identity/user-actions.ts';
import type { Keys } from './keys.ts';
import type { Logs } from './log/logs.ts';
import type { Policies } from './policies.ts';
import type { Principals } from './principals.ts';
import type { Requests } from './requests/requests.ts';
import type { Sessions } from './sessions.ts';
import type { SignBatch } from './sign-batch.ts';
import type { ThresholdKeys } from './threshold/threshold-keys.ts';
import type { VerifyBatch } from './verify-batch.ts';
import type { Wallets } from './wallets/wallets.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface Services {
  readonly sessions: Sessions;
  readonly keys: Keys;
  readonly threshold: ThresholdKeys;
  readonly principals: Principals;
  /** Rule servers that are attached to keys. */
  readonly policies: Policies;
  readonly requests: Requests;
  readonly governance: Governance;
  readonly identities: Identities;
  readonly registration: Registration;
  readonly userActions: UserActions;
  readonly wallets: Wallets;
  readonly webhooks: Webhooks;
  readonly logs: Logs;
  readonly signBatch: SignBatch;
  readonly verifyBatch: VerifyBatch;
  /** Whether a signature could be made now: a signer is attached and the database answers. */
  readonly canSign: () => Promise<boolean>;
}

/** Limits of one request, from the configuration. */
export interface RequestLimits {
  readonly maxBodyBytes: number;
  readonly maxBatchItems: number;
  /** The most items that are signed together with other parties in one request. */
  readonly maxCeremonyItems: number;
}
