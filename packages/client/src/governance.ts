/** Policies, the approvals that they ask for, and changes that wait for one. */
import { type Api, dataOf } from './api.ts';
import type { components } from './generated/api.ts';
import { everyItem } from './pages.ts';

export type Policy = components['schemas']['Policy'];
export type PolicyDraft = components['schemas']['PolicyDraft'];
export type Change = components['schemas']['Change'];
export type Approval = components['schemas']['Approval'];

/** A change that a policy may govern: done, or waiting for people. */
export type Governed<Entity> =
  | { readonly done: true; readonly entity: Entity }
  | { readonly done: false; readonly change: Change };

export interface Policies {
  /** It holds at once. */
  create(policy: PolicyDraft): Promise<Policy>;
  get(policyId: string): Promise<Policy>;
  /** Newest first. */
  list(filter?: { readonly status?: Policy['status'] }): AsyncGenerator<Policy, void, undefined>;
  replace(policyId: string, policy: PolicyDraft): Promise<Governed<Policy>>;
  archive(policyId: string): Promise<Governed<Policy>>;
  getChange(changeId: string): Promise<Change>;
}

export interface Approvals {
  get(approvalId: string): Promise<Approval>;
  /** Newest first. */
  list(filter?: {
    readonly status?: Approval['status'];
    readonly approverId?: string;
    readonly initiatorId?: string;
  }): AsyncGenerator<Approval, void, undefined>;
  /** With a credential, it is proven for exactly what the approval is about. */
  decide(approvalId: string, value: 'approved' | 'denied', reason?: string): Promise<Approval>;
}

const WAITS = 202;

export function createPolicies(api: Api): Policies {
  return {
    create: (body) => dataOf(api.POST('/api/v1/policies', { body })),
    get: (policyId) => dataOf(api.GET('/api/v1/policies/{policyId}', { params: { path: { policyId } } })),
    list: (filter = {}) =>
      everyItem((after) =>
        dataOf(
          api.GET('/api/v1/policies', { params: { query: { ...filter, ...(after !== undefined && { after }) } } }),
        ),
      ),
    replace: (policyId, body) =>
      governed(api.PUT('/api/v1/policies/{policyId}', { params: { path: { policyId } }, body })),
    archive: (policyId) => governed(api.DELETE('/api/v1/policies/{policyId}', { params: { path: { policyId } } })),
    getChange: (changeId) => dataOf(api.GET('/api/v1/changes/{changeId}', { params: { path: { changeId } } })),
  };
}

export function createApprovals(api: Api): Approvals {
  return {
    get: (approvalId) => dataOf(api.GET('/api/v1/approvals/{approvalId}', { params: { path: { approvalId } } })),
    list: (filter = {}) =>
      everyItem((after) =>
        dataOf(
          api.GET('/api/v1/approvals', { params: { query: { ...filter, ...(after !== undefined && { after }) } } }),
        ),
      ),
    decide: (approvalId, value, reason) =>
      dataOf(
        api.POST('/api/v1/approvals/{approvalId}/decisions', {
          params: { path: { approvalId } },
          body: { value, ...(reason !== undefined && { reason }) },
        }),
      ),
  };
}

async function governed<Entity extends object>(
  call: Promise<{ readonly data?: Entity | Change; readonly response: Response }>,
): Promise<Governed<Exclude<Entity, Change>>> {
  const { response } = await call;
  const data = await dataOf(call);
  return response.status === WAITS
    ? { done: false, change: data as Change }
    : { done: true, entity: data as Exclude<Entity, Change> };
}
