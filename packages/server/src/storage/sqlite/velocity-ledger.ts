/**
 * What was spent of velocity limits: exact sliding windows. A row holds the running total of its policy, key and unit before
 * and after one millisecond, so that the sum of any window is the difference of two rows, found in O(log n).
 */
import type { StatementSync } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { ReservedSpend } from '@countersign/core/governance/governance-verdict';
import type { GoverningPolicyId, KeyId } from '@countersign/core/ids';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob } from './sqlite-log.ts';

/** The longest window that a policy can have: 43,200 minutes. What is older may go. */
const MAX_WINDOW_MS = 43_200 * 60_000;
/** Old rows that one new row takes along, so that no commit has to delete many. */
const MAX_PRUNED = 16;
/** Beyond any limit that can be written down; keeps the rows short. */
const MAX_AMOUNT = 2n ** 512n;

const NEWEST = `SELECT at_ms, total FROM velocity_spends WHERE policy_id = ? AND key_id = ? AND unit = ?
  ORDER BY at_ms DESC LIMIT 1`;
const OLDEST_AFTER = `SELECT before FROM velocity_spends WHERE policy_id = ? AND key_id = ? AND unit = ? AND at_ms > ?
  ORDER BY at_ms LIMIT 1`;
const INSERT = 'INSERT INTO velocity_spends (policy_id, key_id, unit, at_ms, before, total) VALUES (?, ?, ?, ?, ?, ?)';
const ADD = 'UPDATE velocity_spends SET total = ? WHERE policy_id = ? AND key_id = ? AND unit = ? AND at_ms = ?';
const PRUNE = `DELETE FROM velocity_spends WHERE policy_id = :policy AND key_id = :key AND unit = :unit AND at_ms IN (
  SELECT at_ms FROM velocity_spends WHERE policy_id = :policy AND key_id = :key AND unit = :unit AND at_ms <= :until
  ORDER BY at_ms LIMIT ${MAX_PRUNED})`;

type Unit = ReservedSpend['unit'];

/** One policy's spends of one key in one unit, as the batch sees them. */
interface Series {
  readonly policy: Uint8Array;
  readonly key: Uint8Array;
  readonly unit: Unit;
  /** Undefined: nothing stored. */
  readonly newestAtMs: number | undefined;
  readonly total: bigint;
  /** Stored sum, by length of the window. */
  readonly sums: Map<number, bigint>;
  added: bigint;
}

/**
 * The spends of one batch. Made, used and flushed inside one transaction: what it read can't change meanwhile, and each
 * sum is read once however many items there are.
 */
export class VelocityBatch {
  readonly #writer: SqliteConnection;
  readonly #nowMs: number;
  readonly #byPolicy = new Map<GoverningPolicyId, Map<string, Series>>();

  constructor(writer: SqliteConnection, nowMs: number) {
    this.#writer = writer;
    this.#nowMs = nowMs;
  }

  /** Indexes of the spends that don't fit any more, after what the batch has reserved; empty: all of them fit. */
  overLimit(keyId: KeyId, spends: readonly ReservedSpend[]): readonly number[] {
    let over: number[] | undefined;
    spends.forEach((spend, index) => {
      const amount = amountOf(spend);
      if (!spend.enforced) return;
      const series = this.#series(spend, keyId);
      let sum = this.#sumOf(series, spend.windowMs) + series.added + amount;
      for (let before = 0; before < index; before++) {
        const other = spends[before];
        if (other?.policyId === spend.policyId && other.unit === spend.unit) sum += amountOf(other);
      }
      if (sum > spend.limit) {
        over ??= [];
        over.push(index);
      }
    });
    return over ?? NONE;
  }

  reserve(keyId: KeyId, spends: readonly ReservedSpend[]): void {
    for (const spend of spends) this.#series(spend, keyId).added += amountOf(spend);
  }

  /** Writes what was reserved: one row for each policy and key. */
  flush(): void {
    for (const ofPolicy of this.#byPolicy.values())
      for (const series of ofPolicy.values()) if (series.added > 0n) this.#write(series);
  }

  #write({ policy, key, unit, newestAtMs, total, added }: Series): void {
    const sum = (total + added).toString();
    // A clock that was set back: spends stay in order, and count for longer rather than shorter.
    if (newestAtMs !== undefined && newestAtMs >= this.#nowMs) {
      this.#writer.prepare(ADD).run(sum, policy, key, unit, newestAtMs);
      return;
    }
    this.#writer.prepare(INSERT).run(policy, key, unit, this.#nowMs, total.toString(), sum);
    this.#writer.prepare(PRUNE).run({ policy, key, unit, until: this.#nowMs - MAX_WINDOW_MS });
  }

  #series({ policyId, unit }: ReservedSpend, keyId: KeyId): Series {
    let ofPolicy = this.#byPolicy.get(policyId);
    if (ofPolicy === undefined) {
      ofPolicy = new Map();
      this.#byPolicy.set(policyId, ofPolicy);
    }
    const index = `${unit} ${keyId}`;
    let series = ofPolicy.get(index);
    if (series === undefined) {
      series = this.#load(idBlob(policyId), idBlob(keyId), unit);
      ofPolicy.set(index, series);
    }
    return series;
  }

  #load(policy: Uint8Array, key: Uint8Array, unit: Unit): Series {
    const newest = one(this.#writer.prepare(NEWEST), policy, key, unit);
    return {
      policy,
      key,
      unit,
      newestAtMs: newest === undefined ? undefined : Number(newest['at_ms']),
      total: newest === undefined ? 0n : BigInt(String(newest['total'])),
      sums: new Map(),
      added: 0n,
    };
  }

  /** Stored spends later than `now - windowMs`. */
  #sumOf(series: Series, windowMs: number): bigint {
    const known = series.sums.get(windowMs);
    if (known !== undefined) return known;
    if (!(windowMs > 0 && windowMs <= MAX_WINDOW_MS)) throw new DomainError('internal', 'a window of a bad length');
    const since = this.#nowMs - Math.ceil(windowMs);
    const oldest = one(this.#writer.prepare(OLDEST_AFTER), series.policy, series.key, series.unit, since);
    const sum = oldest === undefined ? 0n : series.total - BigInt(String(oldest['before']));
    series.sums.set(windowMs, sum);
    return sum;
  }
}

const NONE: readonly number[] = [];

function one(statement: StatementSync, ...parameters: (Uint8Array | number | string)[]) {
  return statement.get(...parameters);
}

function amountOf({ amount }: ReservedSpend): bigint {
  if (amount < 0n) throw new DomainError('internal', 'a negative spend');
  return amount > MAX_AMOUNT ? MAX_AMOUNT : amount;
}
