import type { AccountId, AssignmentId, PrincipalId, RoleId } from '../ids.ts';
import type { Grant, Permission } from '../principal.ts';

/** A named set of permissions. */
export interface Role {
  readonly id: RoleId;
  readonly accountId: AccountId;
  /** 1 to 255 characters, one line, unique in the account. */
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Built in: can't be changed or archived. */
  readonly immutable: boolean;
  readonly archived: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly version: number;
}

/** Gives a principal what a role allows, on the account unless it is narrowed. */
export interface RoleAssignment {
  readonly id: AssignmentId;
  readonly accountId: AccountId;
  readonly roleId: RoleId;
  readonly principalId: PrincipalId;
  readonly scope: Grant['scope'];
  readonly createdAtMs: number;
}
