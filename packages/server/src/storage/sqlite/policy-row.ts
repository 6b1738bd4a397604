/** Rows of rules and policies as records. */
import type { SQLOutputValue } from 'node:sqlite';
import type { AccountId, PolicyId, RuleId } from '@countersign/core/ids';
import type { ExternalRule, Policy } from '@countersign/core/policy/external/external-rule';
import { idText } from './key-row.ts';

type Row = Record<string, SQLOutputValue>;

/** Ends before WHERE. */
export const SELECT_RULES =
  'SELECT id, account_id, name, url, public_key, algorithm, created_at_ms FROM external_rules';
export const SELECT_POLICIES = 'SELECT id, account_id, name, created_at_ms FROM policies';

export function ruleOfRow(row: Row): ExternalRule {
  return {
    id: idText(row['id'] as Uint8Array) as RuleId,
    accountId: idText(row['account_id'] as Uint8Array) as AccountId,
    name: row['name'] as string,
    url: row['url'] as string,
    publicKeyPem: row['public_key'] as string,
    // The table has a CHECK for it.
    algorithm: row['algorithm'] as ExternalRule['algorithm'],
    createdAtMs: row['created_at_ms'] as number,
  };
}

export function policyOfRow(row: Row, ruleIds: readonly RuleId[]): Policy {
  return {
    id: idText(row['id'] as Uint8Array) as PolicyId,
    accountId: idText(row['account_id'] as Uint8Array) as AccountId,
    name: row['name'] as string,
    ruleIds,
    createdAtMs: row['created_at_ms'] as number,
  };
}
