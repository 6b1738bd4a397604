import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  // No reference to keys, wallets or principals: a request outlives them. `group_id` is the key's, which never changes.
  // `intent_batch_id`: the intent that it was last taken by. `unfinished`: to be signed after a restart.
  `CREATE TABLE signature_requests (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    key_id BLOB NOT NULL CHECK (length(key_id) = 16),
    group_id BLOB,
    wallet_id BLOB,
    requester_id BLOB NOT NULL,
    token_id BLOB,
    dialect TEXT NOT NULL,
    external_id TEXT,
    body TEXT NOT NULL,
    content TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    view TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'executing', 'signed', 'confirmed', 'failed', 'rejected')),
    lane TEXT NOT NULL CHECK (lane = CASE status WHEN 'executing' THEN 'signed' ELSE status END),
    reason TEXT,
    approval_id BLOB,
    evaluations TEXT NOT NULL,
    signatures TEXT NOT NULL,
    signed_data BLOB,
    details TEXT,
    confirmation TEXT,
    created_at_ms INTEGER NOT NULL,
    policy_resolved_at_ms INTEGER,
    signed_at_ms INTEGER,
    confirmed_at_ms INTEGER,
    version INTEGER NOT NULL,
    intent_batch_id INTEGER,
    spends_reserved INTEGER NOT NULL,
    unfinished INTEGER NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX signature_requests_by_external_id ON signature_requests (account_id, external_id)
    WHERE external_id IS NOT NULL`,
  // The status in each of them: a list of one status, however rare, reads its own entries alone, and one of all statuses
  // merges five ranges. Executing requests stand among the signed ones, so that the step that every request takes moves
  // no entry of an index.
  `CREATE INDEX signature_requests_by_account ON signature_requests (account_id, lane, id)`,
  `CREATE INDEX signature_requests_by_key ON signature_requests (account_id, key_id, lane, id)`,
  `CREATE INDEX signature_requests_by_group ON signature_requests (account_id, group_id, lane, id)`,
  `CREATE INDEX signature_requests_by_wallet ON signature_requests (account_id, wallet_id, lane, id)
    WHERE wallet_id IS NOT NULL`,
  `CREATE INDEX signature_requests_unfinished ON signature_requests (id) WHERE unfinished = 1`,

  `CREATE TABLE approvals (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    initiator_id BLOB NOT NULL,
    activity TEXT NOT NULL,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('signature-request', 'change')),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    subject_digest BLOB NOT NULL CHECK (length(subject_digest) = 32),
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
    groups TEXT NOT NULL,
    evaluations TEXT NOT NULL,
    decisions TEXT NOT NULL,
    expires_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    resolved_at_ms INTEGER,
    version INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX approvals_by_account ON approvals (account_id, status, id)`,
  `CREATE INDEX approvals_by_initiator ON approvals (account_id, initiator_id, status, id)`,
  `CREATE INDEX approvals_due ON approvals (expires_at_ms, id) WHERE status = 'pending' AND expires_at_ms IS NOT NULL`,
  // Who may decide, or has. Sixteen zeros stand for anyone of the account.
  `CREATE TABLE approval_approvers (
    account_id BLOB NOT NULL,
    approver_id BLOB NOT NULL,
    status TEXT NOT NULL,
    id BLOB NOT NULL REFERENCES approvals (id),
    initiator_id BLOB NOT NULL,
    PRIMARY KEY (account_id, approver_id, status, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX approval_approvers_by_initiator
    ON approval_approvers (account_id, approver_id, initiator_id, status, id)`,

  `CREATE TABLE governing_policies (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
    activity TEXT NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    filters TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX governing_policies_by_account ON governing_policies (account_id, status, id)`,

  `CREATE TABLE change_requests (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    operation TEXT NOT NULL,
    requester_id BLOB NOT NULL,
    entity_id TEXT NOT NULL,
    entity_version INTEGER NOT NULL,
    body TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    status TEXT NOT NULL CHECK (status IN ('pending', 'applied', 'failed', 'rejected')),
    reason TEXT,
    approval_id BLOB NOT NULL REFERENCES approvals (id),
    created_at_ms INTEGER NOT NULL,
    resolved_at_ms INTEGER,
    version INTEGER NOT NULL,
    unfinished INTEGER NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX change_requests_pending ON change_requests (account_id, entity_id) WHERE status = 'pending'`,
  `CREATE INDEX change_requests_unfinished ON change_requests (id) WHERE unfinished = 1`,

  // Decimal text: amounts can be larger than 64 bits. `before` and `total`: of all that was spent up to this row,
  // without and with it, since the oldest row that is left.
  `CREATE TABLE velocity_spends (
    policy_id BLOB NOT NULL CHECK (length(policy_id) = 16),
    key_id BLOB NOT NULL CHECK (length(key_id) = 16),
    unit TEXT NOT NULL CHECK (unit IN ('usd-micros', 'signatures')),
    at_ms INTEGER NOT NULL,
    before TEXT NOT NULL,
    total TEXT NOT NULL,
    PRIMARY KEY (policy_id, key_id, unit, at_ms)
  ) STRICT, WITHOUT ROWID`,
];

export const requestsAndGovernance: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
