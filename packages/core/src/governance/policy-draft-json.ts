/** A policy's draft as the body of a change request: JSON that says everything and nothing else. */
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '../domain-error.ts';
import type { ApprovalGroup } from './approval.ts';
import type { PolicyDraft } from './governing-policy.ts';

/** What is undefined becomes null. The order of members is always the same. */
export function policyDraftToJson({ name, activity, rule, action, filters }: PolicyDraft): JsonValue {
  return {
    name,
    activity,
    rule: { kind: rule.kind, configuration: rule.configuration },
    action:
      action.kind === 'request-approval'
        ? {
            kind: action.kind,
            groups: action.groups.map(groupToJson),
            expiresAfterMinutes: action.expiresAfterMinutes ?? null,
          }
        : { kind: action.kind },
    filters: Object.fromEntries(
      Object.entries(filters)
        .filter(([, entries]) => entries !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

/**
 * What `policyDraftToJson` made; dialects show a change request's body with it. Checked in its shape alone.
 * @throws DomainError `internal` for anything else: only we write such bodies
 */
export function policyDraftFromJson(body: JsonValue): PolicyDraft {
  if (!isDraft(body)) throw new DomainError('internal', 'a stored change of a policy can not be read');
  const { name, activity, rule, action, filters } = body;
  return {
    name,
    activity,
    rule: { kind: rule.kind, configuration: rule.configuration },
    action:
      action.kind === 'request-approval'
        ? {
            kind: action.kind,
            groups: action.groups.map((group) => ({ ...group, name: group.name ?? undefined })),
            expiresAfterMinutes: action.expiresAfterMinutes ?? undefined,
          }
        : action,
    filters,
  };
}

/** As far as it takes to tell a body of ours from another; what is in it was checked when it was stored. */
function isDraft(body: unknown): body is PolicyDraft {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(body)) return false;
  const { name, activity, rule, action, filters } = body;
  return (
    typeof name === 'string' &&
    typeof activity === 'string' &&
    isObject(rule) &&
    typeof rule['kind'] === 'string' &&
    isObject(action) &&
    (action['kind'] !== 'request-approval' || Array.isArray(action['groups'])) &&
    isObject(filters)
  );
}

function groupToJson(group: ApprovalGroup): JsonValue {
  return {
    name: group.name ?? null,
    quorum: group.quorum,
    approvers: group.approvers,
    initiatorCanApprove: group.initiatorCanApprove,
    serviceAccountsCanApprove: group.serviceAccountsCanApprove,
    signedOnly: group.signedOnly,
  };
}
