/** A key's row and its record, in one order of columns. */

import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import type { AccountId, GroupId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { KeyOperation, KeyRecord, KeyState } from '@countersign/core/key-record';
import { readId } from '@countersign/core/log/byte-fields';
import type { SharedValues } from './shared-values.ts';
import { idBlob } from './sqlite-log.ts';

const COLUMNS = [
  'id',
  'account_id',
  'group_id',
  'name',
  'description',
  'algorithm',
  'parameters',
  'custody',
  'persistence',
  'public_key',
  'sealed',
  'operations',
  'dialect_attributes',
  'state',
  'enabled',
  'exportable',
  'deterministic_signatures',
  'allow_sign_digest',
  'verify_after_sign',
  'created_by',
  'created_at_ms',
  'activated_at_ms',
  'version',
  'derived_from',
  'child_path',
  'imported',
  'exported_at_ms',
  'delegated_to',
] as const;

export const INSERT_KEY = `INSERT INTO keys (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`;

/** Ends before WHERE; the rows are arrays for `keyOfRow`. */
export const SELECT_KEYS = `SELECT ${COLUMNS.join(', ')}, last_used_at_ms
  FROM keys LEFT JOIN key_uses ON key_uses.key_id = keys.id`;

/** The cells of a row, in the order of the columns. The last use has a table of its own. */
export function keyCells(key: KeyRecord): SQLInputValue[] {
  return [
    idBlob(key.id),
    idBlob(key.accountId),
    idBlob(key.groupId),
    key.name ?? null,
    key.description,
    key.algorithm,
    JSON.stringify(key.parameters),
    key.custody,
    key.persistence,
    key.publicKey,
    key.sealed ?? null,
    JSON.stringify(key.operations),
    JSON.stringify(key.dialectAttributes),
    key.state,
    Number(key.enabled),
    Number(key.exportable),
    key.deterministicSignatures === undefined ? null : Number(key.deterministicSignatures),
    Number(key.allowSignDigest),
    Number(key.verifyAfterSign),
    idBlob(key.createdBy),
    key.createdAtMs,
    key.activatedAtMs ?? null,
    key.version,
    key.derivedFrom === undefined ? null : idBlob(key.derivedFrom.keyId),
    key.derivedFrom === undefined ? null : pathBlob(key.derivedFrom.path),
    Number(key.imported === true),
    key.exportedAtMs ?? null,
    key.delegatedTo === undefined ? null : idBlob(key.delegatedTo),
  ];
}

/** The record of a row that `SELECT_KEYS` gave as an array. What the table's types and our own writes fix isn't checked again. */
export function keyOfRow(row: readonly SQLOutputValue[], shared: SharedValues): KeyRecord {
  const id = (cell: SQLOutputValue | undefined): string => shared.text(idText(cell));
  const text = (cell: SQLOutputValue | undefined): string => shared.text(cell as string);
  return {
    id: idText(row[0]) as KeyId,
    accountId: id(row[1]) as AccountId,
    groupId: id(row[2]) as GroupId,
    name: (row[3] as string | null) ?? undefined,
    description: row[4] as string,
    algorithm: text(row[5]),
    parameters: shared.json(row[6] as string) as KeyParameters,
    custody: text(row[7]),
    persistence: text(row[8]) as KeyRecord['persistence'],
    // Copied into the pool of small buffers: SQLite's bytes have an ArrayBuffer each, which weighs more than they do.
    publicKey: Buffer.from(row[9] as Uint8Array),
    sealed: row[10] === null ? undefined : Buffer.from(row[10] as Uint8Array),
    operations: shared.json(row[11] as string) as readonly KeyOperation[],
    dialectAttributes: shared.json(row[12] as string) as Readonly<Record<string, unknown>>,
    state: text(row[13]) as KeyState,
    enabled: row[14] === 1,
    exportable: row[15] === 1,
    deterministicSignatures: row[16] === null ? undefined : row[16] === 1,
    allowSignDigest: row[17] === 1,
    verifyAfterSign: row[18] === 1,
    createdBy: id(row[19]) as PrincipalId,
    createdAtMs: row[20] as number,
    activatedAtMs: (row[21] as number | null) ?? undefined,
    version: row[22] as number,
    derivedFrom:
      row[23] === null ? undefined : { keyId: idText(row[23]) as KeyId, path: pathOfBlob(row[24] as Uint8Array) },
    imported: row[25] === 1,
    exportedAtMs: (row[26] as number | null) ?? undefined,
    delegatedTo: row[27] === null ? undefined : (id(row[27]) as PrincipalId),
    lastUsedAtMs: (row[28] as number | null) ?? undefined,
  };
}

export function idText(cell: SQLOutputValue | Uint8Array | undefined): string {
  const bytes = cell as Uint8Array;
  return readId(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

/** A derivation path: four bytes an index, big-endian, so that paths of one length are in the order of their indices. */
export function pathBlob(path: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * path.length);
  path.forEach((index, place) => {
    bytes.writeUInt32BE(index, 4 * place);
  });
  return bytes;
}

export function pathOfBlob(blob: Uint8Array): readonly number[] {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  return Array.from({ length: blob.length / 4 }, (_, place) => bytes.readUInt32BE(4 * place));
}
