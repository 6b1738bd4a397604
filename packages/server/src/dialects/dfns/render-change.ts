import type { ChangeRequest } from '@countersign/core/governance/change-request';
import type { AssignmentId, CredentialId, GoverningPolicyId, RoleId } from '@countersign/core/ids';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';

export const ChangeSchema = Type.Object({
  id: IdSchema,
  kind: Type.String(),
  operationKind: Type.String(),
  status: Type.String(),
  requester: Type.Object({ userId: IdSchema }),
  entityId: IdSchema,
  approvalId: IdSchema,
  dateCreated: DateSchema,
  dateResolved: Type.Optional(DateSchema),
  body: Type.Unknown(),
});

const KINDS = {
  policy: { word: 'Policy', id: (id: string) => writeId('plc', id as GoverningPolicyId) },
  role: { word: 'Permission', id: (id: string) => writeId('pm', id as RoleId) },
  assignment: { word: 'Assignment', id: (id: string) => writeId('as', id as AssignmentId) },
  credential: { word: 'Credential', id: (id: string) => writeId('cr', id as CredentialId) },
} as const;

const OPERATIONS = {
  create: 'Create',
  update: 'Update',
  archive: 'Archive',
  delete: 'Delete',
  activate: 'Activate',
  deactivate: 'Deactivate',
} as const;

const STATUSES = { pending: 'Pending', applied: 'Applied', failed: 'Failed', rejected: 'Rejected' } as const;

/** `body` is the change in this server's own words: what approvers commit to by its digest. */
export function renderChange(change: ChangeRequest): Readonly<Record<string, unknown>> {
  const kind = KINDS[change.kind];
  return {
    id: writeId('cg', change.id),
    kind: kind.word,
    operationKind: OPERATIONS[change.operation],
    status: STATUSES[change.status],
    requester: { userId: writeId('us', change.requesterId) },
    entityId: kind.id(change.entityId),
    approvalId: writeId('ap', change.approvalId),
    dateCreated: wireDate(change.createdAtMs),
    ...dateMember('dateResolved', change.resolvedAtMs),
    body: change.body,
  };
}
