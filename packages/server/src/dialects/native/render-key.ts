import { findAlgorithm } from '@countersign/algorithms/registry';
import type { KeyRecord } from '@countersign/core/key-record';
import { Type } from 'typebox';
import { writeId } from '../prefixed-id.ts';
import { DateSchema, dateMember, IdSchema, wireDate } from '../wire-values.ts';
import { writeDerivationPath } from '../written-path.ts';
import { Base64Schema, writeBase64 } from './base64.ts';
import { pemOf } from './pem.ts';

export const KeySchema = Type.Object(
  {
    id: IdSchema,
    name: Type.Optional(Type.String()),
    description: Type.String(),
    groupId: Type.String({ format: 'uuid' }),
    algorithm: Type.String(),
    parameters: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    custody: Type.String(),
    publicKey: Base64Schema,
    publicKeyPem: Type.Optional(Type.String()),
    operations: Type.Array(Type.String()),
    state: Type.String(),
    enabled: Type.Boolean(),
    exportable: Type.Boolean(),
    imported: Type.Boolean(),
    master: Type.Boolean(),
    derivedFrom: Type.Optional(Type.Object({ keyId: IdSchema, path: Type.String() })),
    delegatedTo: Type.Optional(IdSchema),
    createdBy: IdSchema,
    createdAt: DateSchema,
    lastUsedAt: Type.Optional(DateSchema),
    exportedAt: Type.Optional(DateSchema),
    version: Type.Integer(),
  },
  { title: 'Key' },
);

export function renderKey(key: KeyRecord): Readonly<Record<string, unknown>> {
  const { derivedFrom } = key;
  const spki = findAlgorithm(key.algorithm)?.encodeSpki(key.publicKey, key.parameters);
  return {
    id: writeId('key', key.id),
    ...(key.name !== undefined && { name: key.name }),
    description: key.description,
    groupId: key.groupId,
    algorithm: key.algorithm,
    parameters: key.parameters,
    custody: key.custody,
    publicKey: writeBase64(key.publicKey),
    ...(spki !== undefined && { publicKeyPem: pemOf(spki) }),
    operations: key.operations,
    state: key.state,
    enabled: key.enabled,
    exportable: key.exportable,
    imported: key.imported === true,
    master: key.operations.includes('derive-child'),
    ...(derivedFrom !== undefined && {
      derivedFrom: { keyId: writeId('key', derivedFrom.keyId), path: writeDerivationPath(derivedFrom.path) },
    }),
    ...(key.delegatedTo !== undefined && { delegatedTo: writeId('us', key.delegatedTo) }),
    createdBy: writeId('us', key.createdBy),
    createdAt: wireDate(key.createdAtMs),
    ...dateMember('lastUsedAt', key.lastUsedAtMs),
    ...dateMember('exportedAt', key.exportedAtMs),
    version: key.version,
  };
}
