/** Roles (here: permissions) and who has them (assignments). */
import { DomainError } from '@countersign/core/domain-error';
import type { Governed } from '@countersign/core/governance/change-request';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readOperations, writeOperations } from '../../operation-words.ts';
import { parsePrefixedId, readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { refuseBody } from '../../refuse-body.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { DateSchema, IdSchema, NameSchema, wireDate } from '../../wire-values.ts';
import { dfnsEndpoint, governedEndpoint } from '../dfns-endpoint.ts';
import { createBodyReader } from '../read-body.ts';
import { renderChange } from '../render-change.ts';
import { roleName } from '../role-name.ts';

const DEFAULT_LIMIT = 100;

const OperationsSchema = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 500 });

const PermissionSchema = Type.Object({
  id: IdSchema,
  name: NameSchema,
  operations: Type.Array(Type.String()),
  status: Type.Literal('Active'),
  isImmutable: Type.Boolean(),
  isArchived: Type.Boolean(),
  dateCreated: DateSchema,
  dateUpdated: DateSchema,
  pendingChangeRequest: Type.Optional(Type.Unknown()),
});

const AssignmentSchema = Type.Object({
  id: IdSchema,
  permissionId: IdSchema,
  identityId: IdSchema,
  isImmutable: Type.Boolean(),
  dateCreated: DateSchema,
  dateUpdated: DateSchema,
});

const CreateSchema = Type.Object({ name: NameSchema, operations: OperationsSchema }, { additionalProperties: false });
const readCreate = createBodyReader(CreateSchema);

const createPermission = dfnsEndpoint({
  method: 'POST',
  path: '/permissions',
  permissions: ['create-role'],
  request: CreateSchema,
  response: PermissionSchema,
  async handle({ services, caller, body }) {
    const { name, operations } = readCreate(body);
    return renderRole(await services.identities.createRole(caller, { name, permissions: readOperations(operations) }));
  },
});

const getPermission = dfnsEndpoint({
  method: 'GET',
  path: '/permissions/:permissionId',
  permissions: ['read-roles'],
  request: undefined,
  response: PermissionSchema,
  async handle({ services, caller, params }) {
    const role = await services.identities.getRole(caller, readPathId('pm', params['permissionId']));
    const change = await services.governance.pendingChange(caller, role.id);
    return { ...renderRole(role), ...(change !== undefined && { pendingChangeRequest: renderChange(change) }) };
  },
});

const listPermissions = dfnsEndpoint({
  method: 'GET',
  path: '/permissions',
  permissions: ['read-roles'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({ items: Type.Array(PermissionSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('pm', text),
    );
    return renderPage(await services.identities.listRoles(caller, page), renderRole, ({ id }) => writeId('pm', id));
  },
});

const UpdateSchema = Type.Object(
  { name: Type.Optional(NameSchema), operations: Type.Optional(OperationsSchema) },
  { additionalProperties: false },
);
const readUpdate = createBodyReader(UpdateSchema);

const updatePermission = governedEndpoint({
  method: 'PUT',
  path: '/permissions/:permissionId',
  permissions: ['update-role'],
  request: UpdateSchema,
  response: PermissionSchema,
  async handle({ services, caller, params, body }) {
    const { name, operations } = readUpdate(body);
    const change = {
      ...(name !== undefined && { name }),
      ...(operations !== undefined && { permissions: readOperations(operations) }),
    };
    const id = readPathId('pm', params['permissionId']);
    return rendered(await services.identities.updateRole(caller, id, change), renderRole);
  },
});

const ArchiveSchema = Type.Object({ isArchived: Type.Boolean() }, { additionalProperties: false });
const readArchive = createBodyReader(ArchiveSchema);

const archivePermission = governedEndpoint({
  method: 'PUT',
  path: '/permissions/:permissionId/archive',
  permissions: ['archive-role'],
  request: ArchiveSchema,
  response: PermissionSchema,
  async handle({ services, caller, params, body }) {
    const { isArchived } = readArchive(body);
    const id = readPathId('pm', params['permissionId']);
    return rendered(await services.identities.setRoleArchived(caller, id, isArchived), renderRole);
  },
});

const AssignSchema = Type.Object({ identityId: IdSchema }, { additionalProperties: false });
const readAssign = createBodyReader(AssignSchema);

const createAssignment = governedEndpoint({
  method: 'POST',
  path: '/permissions/:permissionId/assignments',
  permissions: ['assign-role'],
  request: AssignSchema,
  response: AssignmentSchema,
  async handle({ services, caller, params, body }) {
    const principalId = readMemberId('us', 'identityId', readAssign(body).identityId);
    const roleId = readPathId('pm', params['permissionId']);
    const assignment = { roleId, principalId, scope: { kind: 'account' } as const };
    return rendered(await services.identities.assignRole(caller, assignment), renderAssignment);
  },
});

const listAssignments = dfnsEndpoint({
  method: 'GET',
  path: '/permissions/:permissionId/assignments',
  permissions: ['read-assignments'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({ items: Type.Array(AssignmentSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, params, query }) {
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('as', text),
    );
    const roleId = readPathId('pm', params['permissionId']);
    return renderPage(await services.identities.listAssignments(caller, roleId, page), renderAssignment, ({ id }) =>
      writeId('as', id),
    );
  },
});

const deleteAssignment = governedEndpoint({
  method: 'DELETE',
  path: '/permissions/:permissionId/assignments/:assignmentId',
  permissions: ['revoke-role'],
  request: undefined,
  query: { force: Type.Boolean() },
  response: AssignmentSchema,
  async handle({ services, caller, params, body, query }) {
    refuseBody(body);
    if (Object.keys(query).length > 0)
      throw new DomainError('not_supported', 'force is not supported: what a policy governs waits for its approval');
    const roleId = readPathId('pm', params['permissionId']);
    const id = readPathId('as', params['assignmentId']);
    return rendered(await services.identities.revokeAssignment(caller, roleId, id), renderAssignment);
  },
});

export const PERMISSION_ENDPOINTS: readonly Endpoint[] = [
  createPermission,
  getPermission,
  listPermissions,
  updatePermission,
  archivePermission,
  createAssignment,
  listAssignments,
  deleteAssignment,
];

function renderRole(role: Role): Readonly<Record<string, unknown>> {
  return {
    id: writeId('pm', role.id),
    name: roleName(role.name),
    operations: writeOperations(role.permissions),
    status: 'Active',
    isImmutable: role.immutable,
    isArchived: role.archived,
    dateCreated: wireDate(role.createdAtMs),
    dateUpdated: wireDate(role.updatedAtMs),
  };
}

function renderAssignment(assignment: RoleAssignment): Readonly<Record<string, unknown>> {
  return {
    id: writeId('as', assignment.id),
    permissionId: writeId('pm', assignment.roleId),
    identityId: writeId('us', assignment.principalId),
    isImmutable: false,
    dateCreated: wireDate(assignment.createdAtMs),
    dateUpdated: wireDate(assignment.createdAtMs),
  };
}

function rendered<Entity>(
  governed: Governed<Entity>,
  render: (entity: Entity) => unknown,
): Awaited<ReturnType<Parameters<typeof governedEndpoint>[0]['handle']>> {
  return governed.done ? { done: true, entity: render(governed.entity) } : governed;
}
