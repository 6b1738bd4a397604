import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, NameSchema, wireDate } from '../wire-values.ts';
import { writeDerivationPath } from '../written-path.ts';
import { CurveSchema, SchemeSchema, wordsOfAlgorithm } from './key-words.ts';
import { writePublicKey } from './public-key.ts';

export const KeySchema = Type.Object({
  id: IdSchema,
  scheme: SchemeSchema,
  curve: CurveSchema,
  publicKey: Type.String({ pattern: '^[0-9a-f]+$' }),
  masterKey: Type.Optional(Type.Boolean()),
  derivedFrom: Type.Optional(Type.Object({ keyId: IdSchema, path: Type.String() })),
  name: Type.Optional(NameSchema),
  status: Type.Union([Type.Literal('Active'), Type.Literal('Archived')]),
  custodial: Type.Boolean(),
  dateCreated: DateSchema,
  imported: Type.Optional(Type.Boolean()),
  exported: Type.Optional(Type.Boolean()),
  dateExported: Type.Optional(DateSchema),
  dateDeleted: Type.Optional(DateSchema),
});

/** Whether this API shows the key: one of its pairs of scheme and curve, in the vault. */
export function isShown(key: KeyRecord): boolean {
  return key.custody === 'vault' && key.persistence === 'stored' && wordsOfAlgorithm(key.algorithm) !== undefined;
}

/** @throws DomainError `not_found` for a key that this API doesn't show */
export function renderKey(key: KeyRecord, deletedAtMs?: number): Readonly<Record<string, unknown>> {
  const words = wordsOfAlgorithm(key.algorithm);
  if (words === undefined || !isShown(key)) throw new DomainError('not_found', 'no such key', { subject: 'key' });
  const { derivedFrom } = key;
  return {
    id: writeId('key', key.id),
    scheme: words.scheme,
    curve: words.curve,
    publicKey: writePublicKey(key.publicKey),
    ...(key.operations.includes('derive-child') && { masterKey: true }),
    ...(derivedFrom !== undefined && {
      derivedFrom: { keyId: writeId('key', derivedFrom.keyId), path: writeDerivationPath(derivedFrom.path) },
    }),
    ...(key.name !== undefined && { name: key.name }),
    status: deletedAtMs === undefined && key.state === 'active' && key.enabled ? 'Active' : 'Archived',
    custodial: key.delegatedTo === undefined,
    dateCreated: wireDate(key.createdAtMs),
    ...(key.imported === true && { imported: true }),
    ...(key.exportedAtMs !== undefined && { exported: true }),
    ...dateMember('dateExported', key.exportedAtMs),
    ...dateMember('dateDeleted', deletedAtMs),
  };
}
