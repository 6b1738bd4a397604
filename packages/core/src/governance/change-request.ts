/** A change that has to be approved before it is made: of policies, roles, who holds them, and credentials. */
import type { JsonValue } from '@countersign/chains/chain';
import type { AccountId, ApprovalId, ChangeId, PrincipalId } from '../ids.ts';

export const CHANGE_STATUSES = ['pending', 'applied', 'failed', 'rejected'] as const;
export type ChangeStatus = (typeof CHANGE_STATUSES)[number];

export interface ChangeRequest {
  readonly id: ChangeId;
  readonly accountId: AccountId;
  /** What is changed, and how: `policy`/`update`, `policy`/`archive`, `assignment`/`create` ... */
  readonly kind: 'policy' | 'role' | 'assignment' | 'credential';
  readonly operation: 'create' | 'update' | 'archive' | 'delete' | 'activate' | 'deactivate';
  readonly requesterId: PrincipalId;
  /** Of the policy, role, assignment or credential. For something new: the id that it will have. */
  readonly entityId: string;
  /** Version of the entity that the change was asked against; another one by then makes it `failed`. 0: new. */
  readonly entityVersion: number;
  /** All that is needed to make the change, checked when it was asked for. */
  readonly body: JsonValue;
  /** 32 bytes over all of the above. */
  readonly digest: Uint8Array;
  readonly status: ChangeStatus;
  readonly reason: string | undefined;
  readonly approvalId: ApprovalId;
  readonly createdAtMs: number;
  readonly resolvedAtMs: number | undefined;
  readonly version: number;
}

/** A change that may be governed: made at once, or waiting for approval. */
export type Governed<Entity> =
  | { readonly done: true; readonly entity: Entity }
  | { readonly done: false; readonly change: ChangeRequest };
