/** Roles and who has them, on the account, a group or a key. */
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readOperations, writeOperations } from '../../operation-words.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { DateSchema, IdSchema, NameSchema, wireDate } from '../../wire-values.ts';
import {
  bodyEndpoint,
  governedBodyEndpoint,
  governedEndpoint,
  plainEndpoint,
  renderGoverned,
} from '../native-endpoint.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { ChangeSchema, renderChange } from '../render-change.ts';
import { readScope, renderScope, ScopeSchema } from '../scope.ts';

const ROLE = '/api/v1/roles/:roleId';

const OperationsSchema = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 500 });

const roleMembers = {
  id: IdSchema,
  name: NameSchema,
  operations: Type.Array(Type.String()),
  /** Built in: nobody changes it. */
  immutable: Type.Boolean(),
  archived: Type.Boolean(),
  createdAt: DateSchema,
  updatedAt: DateSchema,
  version: Type.Integer(),
};
const RoleSchema = Type.Object(roleMembers, { title: 'Role' });
const RoleWithChangeSchema = Type.Object(
  { ...roleMembers, pendingChange: Type.Optional(ChangeSchema) },
  { title: 'RoleWithChange' },
);

const AssignmentSchema = Type.Object(
  { id: IdSchema, roleId: IdSchema, userId: IdSchema, scope: ScopeSchema, createdAt: DateSchema },
  { title: 'Assignment' },
);

const createRole = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/roles',
  operation: 'createRole',
  summary: 'Makes a role. Nobody gives away what it does not hold itself.',
  permissions: ['create-role'],
  request: Type.Object({ name: NameSchema, operations: OperationsSchema }, { additionalProperties: false }),
  status: 201,
  response: RoleSchema,
  handle: async ({ services, caller }, { name, operations }) =>
    renderRole(await services.identities.createRole(caller, { name, permissions: readOperations(operations) })),
});

const listRoles = plainEndpoint({
  method: 'GET',
  path: '/api/v1/roles',
  operation: 'listRoles',
  summary: 'Roles, in order of id.',
  permissions: ['read-roles'],
  query: pageParameters(),
  response: pageSchema(RoleSchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'pm');
    return writePage(await services.identities.listRoles(caller, page), renderRole, ({ id }) => writeId('pm', id));
  },
});

const getRole = plainEndpoint({
  method: 'GET',
  path: ROLE,
  operation: 'getRole',
  summary: 'A role, with the change that waits for approval, if there is one.',
  permissions: ['read-roles'],
  response: RoleWithChangeSchema,
  async handle({ services, caller, params }) {
    const role = await services.identities.getRole(caller, readPathId('pm', params['roleId']));
    const change = await services.governance.pendingChange(caller, role.id);
    return { ...renderRole(role), ...(change !== undefined && { pendingChange: renderChange(change) }) };
  },
});

const updateRole = governedBodyEndpoint({
  method: 'PATCH',
  path: ROLE,
  operation: 'updateRole',
  summary: 'Gives a role another name or other operations; 202 where that needs approval.',
  permissions: ['update-role'],
  request: Type.Object(
    { name: Type.Optional(NameSchema), operations: Type.Optional(OperationsSchema) },
    { additionalProperties: false },
  ),
  response: RoleSchema,
  async handle({ services, caller, params }, { name, operations }) {
    const change = {
      ...(name !== undefined && { name }),
      ...(operations !== undefined && { permissions: readOperations(operations) }),
    };
    const id = readPathId('pm', params['roleId']);
    return renderGoverned(await services.identities.updateRole(caller, id, change), renderRole);
  },
});

const archiveRole = governedBodyEndpoint({
  method: 'PUT',
  path: `${ROLE}/archived`,
  operation: 'setRoleArchived',
  summary: 'Archives a role, which then gives nothing, or takes it back; 202 where that needs approval.',
  permissions: ['archive-role'],
  request: Type.Object({ archived: Type.Boolean() }, { additionalProperties: false }),
  response: RoleSchema,
  async handle({ services, caller, params }, { archived }) {
    const id = readPathId('pm', params['roleId']);
    return renderGoverned(await services.identities.setRoleArchived(caller, id, archived), renderRole);
  },
});

const assignRole = governedBodyEndpoint({
  method: 'POST',
  path: `${ROLE}/assignments`,
  operation: 'assignRole',
  summary: 'Gives a role to a person or program; 202 where that needs approval.',
  permissions: ['assign-role'],
  request: Type.Object(
    { userId: IdSchema, /** The account where it is left out. */ scope: Type.Optional(ScopeSchema) },
    { additionalProperties: false },
  ),
  status: 201,
  response: AssignmentSchema,
  async handle({ services, caller, params }, { userId, scope }) {
    const assignment = {
      roleId: readPathId('pm', params['roleId']),
      principalId: readMemberId('us', 'userId', userId),
      scope: scope === undefined ? ({ kind: 'account' } as const) : readScope(scope),
    };
    return renderGoverned(await services.identities.assignRole(caller, assignment), renderAssignment);
  },
});

const listAssignments = plainEndpoint({
  method: 'GET',
  path: `${ROLE}/assignments`,
  operation: 'listAssignments',
  summary: 'Who has a role, in order of id.',
  permissions: ['read-assignments'],
  query: pageParameters(),
  response: pageSchema(AssignmentSchema),
  async handle({ services, caller, params, query }) {
    const { page } = readPage(query, 'as');
    const found = await services.identities.listAssignments(caller, readPathId('pm', params['roleId']), page);
    return writePage(found, renderAssignment, ({ id }) => writeId('as', id));
  },
});

const revokeAssignment = governedEndpoint({
  method: 'DELETE',
  path: `${ROLE}/assignments/:assignmentId`,
  operation: 'revokeAssignment',
  summary: 'Takes a role away; 202 where that needs approval.',
  permissions: ['revoke-role'],
  response: AssignmentSchema,
  async handle({ services, caller, params }) {
    const roleId = readPathId('pm', params['roleId']);
    const id = readPathId('as', params['assignmentId']);
    return renderGoverned(await services.identities.revokeAssignment(caller, roleId, id), renderAssignment);
  },
});

export const ROLE_ENDPOINTS: readonly Endpoint[] = [
  createRole,
  listRoles,
  getRole,
  updateRole,
  archiveRole,
  assignRole,
  listAssignments,
  revokeAssignment,
];

function renderRole(role: Role): Readonly<Record<string, unknown>> {
  return {
    id: writeId('pm', role.id),
    name: role.name,
    operations: writeOperations(role.permissions),
    immutable: role.immutable,
    archived: role.archived,
    createdAt: wireDate(role.createdAtMs),
    updatedAt: wireDate(role.updatedAtMs),
    version: role.version,
  };
}

function renderAssignment(assignment: RoleAssignment): Readonly<Record<string, unknown>> {
  return {
    id: writeId('as', assignment.id),
    roleId: writeId('pm', assignment.roleId),
    userId: writeId('us', assignment.principalId),
    scope: renderScope(assignment.scope),
    createdAt: wireDate(assignment.createdAtMs),
  };
}
