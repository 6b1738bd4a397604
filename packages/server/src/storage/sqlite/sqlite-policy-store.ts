import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Account } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, KeyId, PolicyId, PrincipalId, RuleId } from '@countersign/core/ids';
import type { LogEvent } from '@countersign/core/log/event-entry';
import type { EffectivePolicy, ExternalRule, Policy } from '@countersign/core/policy/external/external-rule';
import type { KeyOrigin, NamedReference, PolicyStore, RulesOfKeys } from '@countersign/core/ports/policy-store';
import { GenerationCache } from '../generation-cache.ts';
import type { GroupCommit } from './group-commit.ts';
import { idText } from './key-row.ts';
import { policyOfRow, ruleOfRow, SELECT_POLICIES, SELECT_RULES } from './policy-row.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isConstraintViolation, isUniqueViolation, toDomainError } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqlitePolicyStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  /** The account's cached copy is out of date. */
  readonly onRevision: (accountId: AccountId) => void;
}

type Row = Record<string, SQLOutputValue>;

/** What is known of the rules of an account's keys, for one revision of the account. */
interface Guards {
  readonly revision: number;
  readonly hasAny: boolean;
  readonly byKey: GenerationCache<string, readonly ExternalRule[]>;
  /** Shared by all keys that have the policy. */
  readonly byPolicy: Map<PolicyId, readonly ExternalRule[]>;
}

const CACHED_ACCOUNTS = 1_000;
const CACHED_KEYS = 100_000;
const WRITE_BYTES = 8192;
const MAX_LISTED = 10_000;
const NO_RULES: readonly ExternalRule[] = [];

const RULES_OF_POLICY = `${SELECT_RULES} JOIN policy_rules ON rule_id = id WHERE policy_id = ? ORDER BY ordinal`;
const RULE_IDS = 'SELECT rule_id FROM policy_rules WHERE policy_id = ? ORDER BY ordinal';
const POLICY_OF_KEY = 'SELECT policy_id FROM key_policies WHERE key_id = ? AND account_id = ?';
const POLICY_OF_PRINCIPAL = 'SELECT policy_id FROM principal_policies WHERE principal_id = ? AND account_id = ?';
const HAS_ANY = `SELECT EXISTS (SELECT 1 FROM key_policies WHERE account_id = :account)
  OR EXISTS (SELECT 1 FROM principal_policies WHERE account_id = :account) AS has_any`;
const PRINCIPALS_NAMED = 'SELECT id FROM principals WHERE account_id = ? AND name = ? LIMIT 2';
const BUMP_REVISION = 'UPDATE accounts SET revision = revision + 1 WHERE id = ?';

/** Rules, policies and what they are attached to. */
export class SqlitePolicyStore implements PolicyStore {
  readonly #parts: SqlitePolicyStoreParts;
  readonly #guards = new GenerationCache<string, Guards>(CACHED_ACCOUNTS);

  constructor(parts: SqlitePolicyStoreParts) {
    this.#parts = parts;
  }

  async insertRule(rule: ExternalRule, by: PrincipalId): Promise<void> {
    const { id, accountId, name, algorithm } = rule;
    await this.#write(() => {
      this.#run(
        `INSERT INTO external_rules (id, account_id, name, url, public_key, algorithm, created_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        idBlob(id),
        idBlob(accountId),
        name,
        rule.url,
        rule.publicKeyPem,
        algorithm,
        rule.createdAtMs,
      );
      // Not the whole URL: a path or query may be meant to be secret.
      const server = URL.parse(rule.url)?.origin ?? '';
      this.#log({ kind: 'rule-created', accountId, by, details: { rule: id, name, algorithm, server } });
    });
  }

  async findRule(accountId: AccountId, rule: NamedReference<RuleId>): Promise<ExternalRule | undefined> {
    const row = this.#find(SELECT_RULES, accountId, rule);
    return row === undefined ? undefined : ruleOfRow(row);
  }

  async listRules(accountId: AccountId): Promise<readonly ExternalRule[]> {
    return this.#read(`${SELECT_RULES} WHERE account_id = ? ORDER BY name LIMIT ?`, idBlob(accountId), MAX_LISTED).map(
      ruleOfRow,
    );
  }

  async removeRule(accountId: AccountId, id: RuleId, by: PrincipalId): Promise<'removed' | 'unknown' | 'in-use'> {
    return this.#write(() => {
      if (this.#has('SELECT 1 FROM policy_rules WHERE rule_id = ?', idBlob(id))) return 'in-use';
      if (this.#run('DELETE FROM external_rules WHERE id = ? AND account_id = ?', idBlob(id), idBlob(accountId)) === 0)
        return 'unknown';
      this.#log({ kind: 'rule-deleted', accountId, by, details: { rule: id } });
      return 'removed';
    });
  }

  async insertPolicy(policy: Policy, by: PrincipalId): Promise<void> {
    const { id, accountId, name, ruleIds } = policy;
    await this.#write(() => {
      this.#run(
        'INSERT INTO policies (id, account_id, name, created_at_ms) VALUES (?, ?, ?, ?)',
        idBlob(id),
        idBlob(accountId),
        name,
        policy.createdAtMs,
      );
      for (const [ordinal, ruleId] of ruleIds.entries()) {
        const added = this.#run(
          `INSERT INTO policy_rules (policy_id, ordinal, rule_id)
            SELECT ?, ?, id FROM external_rules WHERE id = ? AND account_id = ?`,
          idBlob(id),
          ordinal,
          idBlob(ruleId),
          idBlob(accountId),
        );
        if (added !== 1) throw new DomainError('not_found', 'no such rule', { subject: 'rule' });
      }
      this.#log({ kind: 'policy-created', accountId, by, details: { policy: id, name, rules: ruleIds.join(' ') } });
    });
  }

  async findPolicy(accountId: AccountId, policy: NamedReference<PolicyId>): Promise<Policy | undefined> {
    const row = this.#find(SELECT_POLICIES, accountId, policy);
    return row === undefined ? undefined : this.#policyOf(row);
  }

  async listPolicies(accountId: AccountId): Promise<readonly Policy[]> {
    return this.#read(
      `${SELECT_POLICIES} WHERE account_id = ? ORDER BY name LIMIT ?`,
      idBlob(accountId),
      MAX_LISTED,
    ).map((row) => this.#policyOf(row));
  }

  async removePolicy(
    accountId: AccountId,
    id: PolicyId,
    by: PrincipalId,
  ): Promise<'removed' | 'unknown' | 'in-use-by-keys' | 'in-use-by-users'> {
    return this.#write(() => {
      if (!this.#hasPolicy(accountId, id)) return 'unknown';
      if (this.#has('SELECT 1 FROM key_policies WHERE policy_id = ?', idBlob(id))) return 'in-use-by-keys';
      if (this.#has('SELECT 1 FROM principal_policies WHERE policy_id = ?', idBlob(id))) return 'in-use-by-users';
      this.#run('DELETE FROM policies WHERE id = ?', idBlob(id));
      this.#log({ kind: 'policy-deleted', accountId, by, details: { policy: id } });
      return 'removed';
    });
  }

  async removeRuleFromPolicy(accountId: AccountId, policy: PolicyId, rule: RuleId, by: PrincipalId): Promise<boolean> {
    return this.#change(accountId, () => {
      const removed =
        this.#hasPolicy(accountId, policy) &&
        this.#run('DELETE FROM policy_rules WHERE policy_id = ? AND rule_id = ?', idBlob(policy), idBlob(rule)) === 1;
      if (removed) this.#log({ kind: 'policy-rule-removed', accountId, by, details: { policy, rule } });
      return removed;
    });
  }

  async attachToKey(accountId: AccountId, key: KeyId, policy: PolicyId, by: PrincipalId): Promise<void> {
    await this.#change(accountId, () => {
      this.#requirePolicy(accountId, policy);
      this.#run(
        `INSERT INTO key_policies (key_id, account_id, policy_id) VALUES (?, ?, ?)
          ON CONFLICT (key_id) DO UPDATE SET policy_id = excluded.policy_id WHERE account_id = excluded.account_id`,
        idBlob(key),
        idBlob(accountId),
        idBlob(policy),
      );
      this.#log({ kind: 'policy-attached', accountId, by, details: { policy, key } });
      return true;
    });
  }

  async detachFromKey(
    accountId: AccountId,
    key: KeyId,
    expected: PolicyId | undefined,
    by: PrincipalId,
  ): Promise<boolean> {
    return this.#change(accountId, () => {
      const [row] = this.#writerRows(POLICY_OF_KEY, idBlob(key), idBlob(accountId));
      const policy = row === undefined ? undefined : policyIdOf(row);
      if (policy === undefined || (expected ?? policy) !== policy) return false;
      this.#run('DELETE FROM key_policies WHERE key_id = ?', idBlob(key));
      this.#log({ kind: 'policy-detached', accountId, by, details: { policy, key } });
      return true;
    });
  }

  async attachToPrincipal(
    accountId: AccountId,
    principal: PrincipalId,
    policy: PolicyId,
    by: PrincipalId,
  ): Promise<void> {
    await this.#change(accountId, () => {
      this.#requirePolicy(accountId, policy);
      const attached = this.#run(
        `INSERT INTO principal_policies (principal_id, account_id, policy_id)
          SELECT id, account_id, ? FROM principals WHERE id = ? AND account_id = ?
          ON CONFLICT (principal_id) DO UPDATE SET policy_id = excluded.policy_id`,
        idBlob(policy),
        idBlob(principal),
        idBlob(accountId),
      );
      if (attached !== 1) throw new DomainError('not_found', 'no such user', { subject: 'user' });
      this.#log({ kind: 'policy-attached', accountId, by, details: { policy, principal } });
      return true;
    });
  }

  async detachFromPrincipal(
    accountId: AccountId,
    principal: PrincipalId,
    expected: PolicyId | undefined,
    by: PrincipalId,
  ): Promise<boolean> {
    return this.#change(accountId, () => {
      const [row] = this.#writerRows(POLICY_OF_PRINCIPAL, idBlob(principal), idBlob(accountId));
      const policy = row === undefined ? undefined : policyIdOf(row);
      if (policy === undefined || (expected ?? policy) !== policy) return false;
      this.#run('DELETE FROM principal_policies WHERE principal_id = ?', idBlob(principal));
      this.#log({ kind: 'policy-detached', accountId, by, details: { policy, principal } });
      return true;
    });
  }

  async principalNamed(accountId: AccountId, name: string): Promise<PrincipalId | undefined> {
    const [row, another] = this.#read(PRINCIPALS_NAMED, idBlob(accountId), name);
    return row === undefined || another !== undefined ? undefined : (idText(row['id'] as Uint8Array) as PrincipalId);
  }

  async effective(key: KeyOrigin): Promise<EffectivePolicy | undefined> {
    const found = this.#policyIdOf(key);
    if (found === undefined) return undefined;
    const [row] = this.#read(`${SELECT_POLICIES} WHERE id = ?`, idBlob(found.id));
    if (row === undefined) throw new DomainError('internal', 'a policy is attached and missing');
    return { attached: this.#policyOf(row), origin: found.origin, rules: this.#rulesOf(found.id) };
  }

  /** Reads and remembers in one turn, so that none of our own writes can come between. */
  rulesOfKeys(account: Account, keys: readonly (KeyOrigin | undefined)[]): RulesOfKeys | undefined {
    const guards = this.#guardsOf(account);
    if (!guards.hasAny) return undefined;
    let found: (readonly ExternalRule[] | undefined)[] | undefined;
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place];
      if (key === undefined) continue;
      const rules = this.#guardingRules(guards, key);
      if (rules.length === 0) continue;
      found ??= new Array<readonly ExternalRule[] | undefined>(keys.length).fill(undefined);
      found[place] = rules;
    }
    return found;
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#guards.clear();
  }

  #guardsOf(account: Account): Guards {
    const known = this.#guards.get(account.id);
    if (known?.revision === account.revision) return known;
    const [row] = this.#read(HAS_ANY, { account: idBlob(account.id) });
    const guards: Guards = {
      revision: account.revision,
      hasAny: row?.['has_any'] !== 0,
      byKey: new GenerationCache(CACHED_KEYS),
      byPolicy: new Map(),
    };
    this.#guards.set(account.id, guards);
    return guards;
  }

  #guardingRules({ byKey, byPolicy }: Guards, key: KeyOrigin): readonly ExternalRule[] {
    const known = byKey.get(key.id);
    if (known !== undefined) return known;
    const policy = this.#policyIdOf(key)?.id;
    const rules = policy === undefined ? NO_RULES : (byPolicy.get(policy) ?? this.#rulesOf(policy));
    if (policy !== undefined) byPolicy.set(policy, rules);
    byKey.set(key.id, rules);
    return rules;
  }

  #policyIdOf(key: KeyOrigin): { readonly id: PolicyId; readonly origin: EffectivePolicy['origin'] } | undefined {
    const account = idBlob(key.accountId);
    const [own] = this.#read(POLICY_OF_KEY, idBlob(key.id), account);
    if (own !== undefined) return { id: policyIdOf(own), origin: 'key' };
    const [makers] = this.#read(POLICY_OF_PRINCIPAL, idBlob(key.createdBy), account);
    return makers === undefined ? undefined : { id: policyIdOf(makers), origin: 'user-default' };
  }

  #rulesOf(policy: PolicyId): readonly ExternalRule[] {
    return this.#read(RULES_OF_POLICY, idBlob(policy)).map(ruleOfRow);
  }

  #policyOf(row: Row): Policy {
    const ids = this.#read(RULE_IDS, row['id'] as Uint8Array);
    return policyOfRow(
      row,
      ids.map((each) => idText(each['rule_id'] as Uint8Array) as RuleId),
    );
  }

  #find(select: string, accountId: AccountId, reference: NamedReference<string>): Row | undefined {
    const account = idBlob(accountId);
    const [row] =
      reference.by === 'id'
        ? this.#read(`${select} WHERE account_id = ? AND id = ?`, account, idBlob(reference.id))
        : this.#read(`${select} WHERE account_id = ? AND name = ?`, account, reference.name);
    return row;
  }

  #read(statement: string, ...parameters: SQLInputValue[] | [Record<string, SQLInputValue>]): Row[] {
    try {
      return rowsOf(this.#parts.reader, statement, parameters);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  #writerRows(statement: string, ...parameters: SQLInputValue[]): Row[] {
    return rowsOf(this.#parts.writer, statement, parameters);
  }

  #has(statement: string, ...parameters: SQLInputValue[]): boolean {
    return this.#parts.writer.prepare(statement).get(...parameters) !== undefined;
  }

  #hasPolicy(accountId: AccountId, id: PolicyId): boolean {
    return this.#has('SELECT 1 FROM policies WHERE id = ? AND account_id = ?', idBlob(id), idBlob(accountId));
  }

  #requirePolicy(accountId: AccountId, id: PolicyId): void {
    if (!this.#hasPolicy(accountId, id)) throw new DomainError('not_found', 'no such policy', { subject: 'policy' });
  }

  #run(statement: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#parts.writer.prepare(statement).run(...parameters).changes);
  }

  #log(event: LogEvent): void {
    this.#parts.log.appendEvent(event);
  }

  /** A write that changes the rules of keys where it answers true: whatever was judged before is stale then. */
  async #change(accountId: AccountId, work: () => boolean): Promise<boolean> {
    const { onRevision } = this.#parts;
    return this.#write(
      () => {
        const changed = work();
        if (changed) this.#run(BUMP_REVISION, idBlob(accountId));
        return changed;
      },
      (changed) => {
        if (changed) onRevision(accountId);
      },
    );
  }

  async #write<T>(work: () => T, afterCommit?: (value: T) => void): Promise<T> {
    return this.#parts.commits.submit(
      WRITE_BYTES,
      () => {
        try {
          return work();
        } catch (error) {
          if (isUniqueViolation(error))
            throw new DomainError('conflict', 'the name is taken', { cause: error, subject: 'unique-name' });
          if (isConstraintViolation(error))
            throw new DomainError('not_found', 'what it belongs to does not exist', { cause: error });
          throw error;
        }
      },
      afterCommit,
    );
  }
}

function rowsOf(
  connection: SqliteConnection,
  statement: string,
  parameters: SQLInputValue[] | [Record<string, SQLInputValue>],
): Row[] {
  return connection.prepare(statement).all(...(parameters as SQLInputValue[])) as Row[];
}

function policyIdOf(row: Row): PolicyId {
  return idText(row['policy_id'] as Uint8Array) as PolicyId;
}
