/** What is checked before a policy is stored: nothing that can't be judged, and no approval that can't be given. */
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '../domain-error.ts';
import type { PrincipalId } from '../ids.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import type { Principal } from '../principal.ts';
import { ACTIVITY_KINDS, type ActivityKind, type ApprovalGroup } from './approval.ts';
import type { PolicyAction, PolicyDraft, PolicyFilters } from './governing-policy.ts';
import { findPolicyRuleKind, POLICY_RULE_KINDS } from './rules/registry.ts';

const MAX_NAME_CHARACTERS = 255;
const MAX_TAG_CHARACTERS = 100;
const MAX_GROUPS = 10;
const MAX_APPROVERS = 100;
const MAX_QUORUM = 100;
const MAX_EXPIRY_MINUTES = 43_200;
const MAX_FILTER_ENTRIES = 1_000;
const MAX_CONFIGURATION_DEPTH = 8;

/** What each activity can be filtered by, and what a policy on it may do. */
const ACTIVITIES: Readonly<
  Record<
    ActivityKind,
    { readonly filters: readonly (keyof PolicyFilters)[]; readonly actions: readonly PolicyAction['kind'][] }
  >
> = {
  sign: {
    filters: ['keyIds', 'walletIds', 'walletTagsAny', 'walletTagsAll'],
    actions: ['block', 'none', 'request-approval'],
  },
  'incoming-transaction': {
    filters: ['keyIds', 'walletIds', 'walletTagsAny', 'walletTagsAll'],
    actions: ['none'],
  },
  'assign-role': { filters: ['roleIds'], actions: ['block', 'request-approval'] },
  'modify-role': { filters: ['roleIds'], actions: ['block', 'request-approval'] },
  // A block on changes of policies could never be taken back, not even by those who made it.
  'modify-policy': { filters: ['policyIds'], actions: ['request-approval'] },
  'modify-credential': { filters: [], actions: ['block', 'request-approval'] },
};

/**
 * The draft in canonical form.
 * @throws DomainError `invalid_request` that names the member which is wrong
 */
export async function checkPolicyDraft(
  draft: PolicyDraft,
  principalOf: (id: PrincipalId) => Promise<Principal | undefined>,
): Promise<PolicyDraft> {
  const { name, activity } = draft;
  if (!isName(name)) throw invalid(`name is one line of 1 to ${MAX_NAME_CHARACTERS} characters`);
  if (!ACTIVITY_KINDS.includes(activity)) throw invalid(`activity is one of ${ACTIVITY_KINDS.join(', ')}`);
  return {
    name,
    activity,
    rule: checkRule(draft),
    action: await checkAction(draft, principalOf),
    filters: checkFilters(draft),
  };
}

function checkRule({ activity, rule }: PolicyDraft): PolicyDraft['rule'] {
  const kind = findPolicyRuleKind(rule.kind);
  if (kind === undefined || !kind.activities.includes(activity)) {
    const names = POLICY_RULE_KINDS.filter(({ activities }) => activities.includes(activity)).map(({ kind }) => kind);
    throw invalid(`rule.kind for ${activity} is one of ${names.join(', ')}`);
  }
  if (isDeeper(rule.configuration, MAX_CONFIGURATION_DEPTH)) throw invalid('rule.configuration is too deep');
  const parsed = kind.parse(rule.configuration);
  if (!parsed.ok) throw invalid(`rule.configuration: ${parsed.reason}`);
  return { kind: kind.kind, configuration: parsed.value };
}

async function checkAction(
  { activity, action }: PolicyDraft,
  principalOf: (id: PrincipalId) => Promise<Principal | undefined>,
): Promise<PolicyAction> {
  const { actions } = ACTIVITIES[activity];
  if (!actions.includes(action.kind)) throw invalid(`action.kind for ${activity} is one of ${actions.join(', ')}`);
  if (action.kind !== 'request-approval') return { kind: action.kind };
  const { groups, expiresAfterMinutes } = action;
  if (groups.length < 1 || groups.length > MAX_GROUPS) throw invalid(`action.groups has 1 to ${MAX_GROUPS} groups`);
  if (expiresAfterMinutes !== undefined && !isWithin(expiresAfterMinutes, MAX_EXPIRY_MINUTES))
    throw invalid(`action.expiresAfterMinutes is a whole number from 1 to ${MAX_EXPIRY_MINUTES}`);
  const checked: ApprovalGroup[] = [];
  for (const [index, group] of groups.entries())
    checked.push(await checkGroup(group, `action.groups[${index}]`, principalOf));
  return { kind: 'request-approval', groups: checked, expiresAfterMinutes };
}

async function checkGroup(
  group: ApprovalGroup,
  path: string,
  principalOf: (id: PrincipalId) => Promise<Principal | undefined>,
): Promise<ApprovalGroup> {
  const { name, quorum, approvers, initiatorCanApprove, serviceAccountsCanApprove, signedOnly } = group;
  if (name !== undefined && !isName(name))
    throw invalid(`${path}.name is one line of 1 to ${MAX_NAME_CHARACTERS} characters`);
  if (!isWithin(quorum, MAX_QUORUM)) throw invalid(`${path}.quorum is a whole number from 1 to ${MAX_QUORUM}`);
  if (approvers !== 'anyone') {
    if (approvers.length < 1 || approvers.length > MAX_APPROVERS)
      throw invalid(`${path}.approvers has 1 to ${MAX_APPROVERS} principals`);
    if (new Set(approvers).size !== approvers.length) throw invalid(`${path}.approvers names a principal twice`);
    let countable = 0;
    for (const id of approvers) {
      const principal = await principalOf(id);
      if (principal === undefined) throw invalid(`${path}.approvers names a principal that the account does not have`);
      if (principal.kind === 'user' || serviceAccountsCanApprove) countable += 1;
    }
    if (quorum > countable)
      throw invalid(
        `${path}.quorum can not be reached: of those named ${countable} can approve` +
          (countable < approvers.length ? ' (services count only with serviceAccountsCanApprove)' : ''),
      );
  }
  return { name, quorum, approvers, initiatorCanApprove, serviceAccountsCanApprove, signedOnly };
}

function checkFilters({ activity, filters }: PolicyDraft): PolicyFilters {
  const allowed: readonly string[] = ACTIVITIES[activity].filters;
  const checked: Record<string, readonly string[]> = {};
  for (const [name, entries] of Object.entries<readonly string[] | undefined>({ ...filters })) {
    if (entries === undefined) continue;
    if (!allowed.includes(name))
      throw invalid(
        `filters.${name} says nothing about ${activity}; ${allowed.length === 0 ? 'it has no filters' : `it is filtered by ${allowed.join(', ')}`}`,
      );
    if (entries.length < 1 || entries.length > MAX_FILTER_ENTRIES)
      throw invalid(`filters.${name} has 1 to ${MAX_FILTER_ENTRIES} entries`);
    for (const entry of entries)
      if (typeof entry !== 'string' || entry.trim() === '' || entry.length > MAX_TAG_CHARACTERS || !isOneLine(entry))
        throw invalid(`an entry of filters.${name} is one line of 1 to ${MAX_TAG_CHARACTERS} characters`);
    checked[name] = [...new Set(entries)];
  }
  // Only names of `PolicyFilters` got here, with the lists that they came with.
  return checked as PolicyFilters;
}

function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= MAX_NAME_CHARACTERS && isOneLine(name);
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

function isDeeper(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member: JsonValue) => isDeeper(member, depth - 1));
}

function invalid(reason: string): DomainError {
  return new DomainError('invalid_request', reason);
}
