import { CHANGE_STATUSES, type ChangeRequest } from '@countersign/core/governance/change-request';
import type { AssignmentId, CredentialId, GoverningPolicyId, RoleId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';

export const ChangeSchema = Type.Object(
  {
    id: IdSchema,
    kind: Type.Enum(['policy', 'role', 'assignment', 'credential']),
    operation: Type.Enum(['create', 'update', 'archive', 'delete', 'activate', 'deactivate']),
    status: Type.Enum([...CHANGE_STATUSES]),
    requesterId: IdSchema,
    entityId: IdSchema,
    approvalId: IdSchema,
    body: Type.Unknown(),
    reason: Type.Optional(Type.String()),
    createdAt: DateSchema,
    resolvedAt: Type.Optional(DateSchema),
  },
  { title: 'Change' },
);

/** Of what a change is about. */
const ENTITY_IDS = {
  policy: (id: string) => writeId('plc', id as GoverningPolicyId),
  role: (id: string) => writeId('pm', id as RoleId),
  assignment: (id: string) => writeId('as', id as AssignmentId),
  credential: (id: string) => writeId('cr', id as CredentialId),
} as const;

export function renderChange(change: ChangeRequest): Readonly<Record<string, unknown>> {
  return {
    id: writeId('cg', change.id),
    kind: change.kind,
    operation: change.operation,
    status: change.status,
    requesterId: writeId('us', change.requesterId),
    entityId: ENTITY_IDS[change.kind](change.entityId),
    approvalId: writeId('ap', change.approvalId),
    body: change.body,
    ...(change.reason !== undefined && { reason: change.reason }),
    createdAt: wireDate(change.createdAtMs),
    ...dateMember('resolvedAt', change.resolvedAtMs),
  };
}
