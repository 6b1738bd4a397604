/** What a dialect may call: the commands of the core, and nothing beneath them. */
import type { Keys } from './keys.ts';
import type { Policies } from './policies.ts';
import type { Principals } from './principals.ts';
import type { Sessions } from './sessions.ts';
import type { SignBatch } from './sign-batch.ts';
import type { ThresholdKeys } from './threshold/threshold-keys.ts';
import type { VerifyBatch } from './verify-batch.ts';

export interface Services {
  readonly sessions: Sessions;
  readonly keys: Keys;
  readonly threshold: ThresholdKeys;
  readonly principals: Principals;
  readonly policies: Policies;
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
