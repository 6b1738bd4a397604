import type { Policy } from '@countersign/client/governance';
import { columns, printable } from './printable.ts';

export const POLICY_HEADINGS: readonly string[] = ['ID', 'NAME', 'STATUS', 'ACTIVITY', 'RULE', 'ACTION'];

export function policyRow({ id, name, status, activity, rule, action }: Policy): readonly string[] {
  return [id, name, status, activity, rule.kind, action.kind];
}

export function policyText(policy: Policy): string {
  const { id, name, status, activity, rule, action, filters, createdAt, updatedAt } = policy;
  return columns([
    ['id', id],
    ['name', name],
    ['status', status],
    ['activity', activity],
    ['rule', `${rule.kind} ${JSON.stringify(rule.configuration)}`],
    ['action', printable(JSON.stringify(action))],
    ['filters', JSON.stringify(filters)],
    ['made', createdAt],
    ['changed', updatedAt],
  ]);
}
