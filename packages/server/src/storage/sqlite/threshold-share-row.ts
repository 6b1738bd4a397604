/** A threshold share's row and its record, in one order of columns. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, GroupId, KeyId, PrincipalId } from '@countersign/core/ids';
import type {
  ThresholdFacts,
  ThresholdParty,
  ThresholdShare,
  ThresholdStatus,
} from '@countersign/core/ports/threshold-store';
import { idText } from './key-row.ts';
import { idBlob } from './sqlite-log.ts';

const COLUMNS = [
  'id',
  'account_id',
  'group_id',
  'created_by',
  'algorithm',
  'created_at_ms',
  'name',
  'status',
  'keygen_id',
  'sealed',
  'facts',
  'public_evidence',
  'successor',
  'version',
] as const;

export const INSERT_SHARE = `INSERT INTO threshold_shares (${COLUMNS.join(', ')})
  VALUES (${COLUMNS.map(() => '?').join(', ')})`;

/** Ends before WHERE; the rows are arrays for `shareOfRow`. */
export const SELECT_SHARES = `SELECT ${COLUMNS.join(', ')} FROM threshold_shares`;

/** Everything that may change; bind with `changingCells`, then id, account and the version before. */
export const UPDATE_SHARE = `UPDATE threshold_shares SET name = ?, status = ?, keygen_id = ?, sealed = ?, facts = ?,
  public_evidence = ?, successor = ?, version = ? WHERE id = ? AND account_id = ? AND version = ?`;

export const MAX_SEALED_BYTES = 256 * 1024;
export const MAX_EVIDENCE_BYTES = 64 * 1024;
const MAX_PARTIES = 1_000;
const MAX_TEXT_CHARACTERS = 4_096;
/** A name's characters as people count them may take two UTF-16 units each. */
const MAX_NAME_UNITS = 2 * 4_096;
const MAX_POINT_BYTES = 64;

/** The cells of a new row, in the order of the columns. */
export function shareCells(share: ThresholdShare): SQLInputValue[] {
  return [
    idBlob(share.id),
    idBlob(share.accountId),
    idBlob(share.groupId),
    idBlob(share.createdBy),
    share.algorithm,
    share.createdAtMs,
    ...changingCells(share),
  ];
}

/** In the order of `UPDATE_SHARE`. */
export function changingCells(share: ThresholdShare): SQLInputValue[] {
  const { facts } = share;
  return [
    share.name ?? null,
    share.status,
    share.keygenId,
    share.sealed,
    facts === undefined ? null : factsText(facts),
    facts === undefined ? null : facts.publicEvidence,
    share.successor === undefined ? null : idBlob(share.successor),
    share.version,
  ];
}

/** The record of a row that `SELECT_SHARES` gave as an array. */
export function shareOfRow(row: readonly SQLOutputValue[]): ThresholdShare {
  const facts = row[10] as string | null;
  return {
    id: idText(row[0]) as KeyId,
    accountId: idText(row[1]) as AccountId,
    groupId: idText(row[2]) as GroupId,
    createdBy: idText(row[3]) as PrincipalId,
    algorithm: row[4] as string,
    createdAtMs: row[5] as number,
    name: (row[6] as string | null) ?? undefined,
    status: row[7] as ThresholdStatus,
    keygenId: row[8] as string,
    sealed: row[9] as Uint8Array,
    facts: facts === null ? undefined : factsOf(facts, row[11] as Uint8Array),
    successor: row[12] === null ? undefined : (idText(row[12]) as KeyId),
    version: row[13] as number,
  };
}

/** Bytes that the share adds to a transaction, about. */
export function shareBytes({ sealed, facts, keygenId }: ThresholdShare): number {
  const parties = facts === undefined ? 0 : facts.parties.length * 300;
  return 4096 + sealed.length + keygenId.length + parties + (facts?.publicEvidence.length ?? 0);
}

/**
 * The port's bounds, before anything is written.
 * @throws DomainError `too_large` for too much sealed data or evidence, `internal` for anything else
 */
export function checkShare(share: ThresholdShare): void {
  const { facts } = share;
  if (share.sealed.length > MAX_SEALED_BYTES || (facts?.publicEvidence.length ?? 0) > MAX_EVIDENCE_BYTES)
    throw new DomainError('too_large', 'the threshold key has too many parties to be stored');
  const fits =
    (share.name === undefined || (share.name.length > 0 && share.name.length <= MAX_NAME_UNITS)) &&
    share.keygenId.length <= MAX_TEXT_CHARACTERS &&
    share.algorithm.length <= MAX_TEXT_CHARACTERS &&
    isCount(share.createdAtMs) &&
    isCount(share.version) &&
    (facts === undefined || factsFit(facts));
  if (!fits) throw new DomainError('internal', 'a threshold share does not fit its table');
}

function factsFit(facts: ThresholdFacts): boolean {
  const { parties } = facts;
  return (
    parties.length > 0 &&
    parties.length <= MAX_PARTIES &&
    isCount(facts.threshold) &&
    facts.threshold >= 1 &&
    facts.threshold <= parties.length &&
    parties.some(({ index }) => index === facts.index) &&
    new Set(parties.map(({ index }) => index)).size === parties.length &&
    parties.every(partyFits) &&
    (facts.groupKey.length === 32 || facts.groupKey.length === 33) &&
    facts.chainCode.length === 32 &&
    facts.parametersHash.length === 32 &&
    isCount(facts.epoch) &&
    facts.specification.length <= MAX_TEXT_CHARACTERS
  );
}

function partyFits(party: ThresholdParty): boolean {
  return (
    party.identity.length === 32 &&
    party.channelKey.length === 32 &&
    party.perKeyPublic.length <= MAX_POINT_BYTES &&
    party.publicShare.length <= MAX_POINT_BYTES &&
    isCount(party.index)
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The same members, with texts instead of bytes. */
type AsText<T> = { readonly [Name in keyof T]: T[Name] extends Uint8Array ? string : T[Name] };
type FactsText = AsText<Omit<ThresholdFacts, 'publicEvidence' | 'parties'>> & {
  readonly parties: readonly AsText<ThresholdParty>[];
};

/** Bytes are base64; the evidence has a column of its own. */
function factsText(facts: ThresholdFacts): string {
  const text: FactsText = {
    threshold: facts.threshold,
    parties: facts.parties.map((party) => ({
      identity: base64(party.identity),
      channelKey: base64(party.channelKey),
      perKeyPublic: base64(party.perKeyPublic),
      index: party.index,
      publicShare: base64(party.publicShare),
    })),
    index: facts.index,
    groupKey: base64(facts.groupKey),
    chainCode: base64(facts.chainCode),
    epoch: facts.epoch,
    origin: facts.origin,
    specification: facts.specification,
    parametersHash: base64(facts.parametersHash),
  };
  return JSON.stringify(text);
}

function factsOf(text: string, publicEvidence: Uint8Array): ThresholdFacts {
  const facts = JSON.parse(text) as FactsText;
  return {
    ...facts,
    parties: facts.parties.map((party) => ({
      ...party,
      identity: bytes(party.identity),
      channelKey: bytes(party.channelKey),
      perKeyPublic: bytes(party.perKeyPublic),
      publicShare: bytes(party.publicShare),
    })),
    groupKey: bytes(facts.groupKey),
    chainCode: bytes(facts.chainCode),
    parametersHash: bytes(facts.parametersHash),
    publicEvidence,
  };
}

function base64(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
