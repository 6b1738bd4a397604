import type { LegacyUse } from '@countersign/algorithms/legacy-use';
import type { AccountId } from './ids.ts';

export interface AccountSettings {
  /** Weak primitives that may sign. Empty at first; verification is never restricted. */
  readonly allowLegacy: readonly LegacyUse[];
}

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly settings: AccountSettings;
  readonly createdAtMs: number;
  /**
   * Grows with every change that can make something less allowed (keys changed or deleted, grants, settings), but
   * not with the making of keys; everything cached for authorisation is valid for one revision.
   */
  readonly revision: number;
}
