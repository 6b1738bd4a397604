/** A key that is to be made or imported. */
import type { GroupId } from '@countersign/core/ids';
import type { NewKey } from '@countersign/core/keys';
import { type Static, Type } from 'typebox';
import { readUuid, UuidSchema } from './uuid.ts';

export const KeyNameSchema = Type.String({ minLength: 1, maxLength: 8192 });

export const NEW_KEY_MEMBERS = {
  name: Type.Optional(KeyNameSchema),
  description: Type.Optional(Type.String({ maxLength: 4096 })),
  /** The caller's own where it is left out. */
  groupId: Type.Optional(UuidSchema),
  algorithm: Type.String({ maxLength: 64 }),
  parameters: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Union([Type.String(), Type.Number()]))),
  custody: Type.Optional(Type.String({ maxLength: 64 })),
  exportable: Type.Optional(Type.Boolean()),
  /** May have children. */
  master: Type.Optional(Type.Boolean()),
  deterministicSignatures: Type.Optional(Type.Boolean()),
  allowSignDigest: Type.Optional(Type.Boolean()),
  verifyAfterSign: Type.Optional(Type.Boolean()),
};
export const NewKeySchema = Type.Object(NEW_KEY_MEMBERS, { additionalProperties: false, title: 'NewKey' });

/** @throws DomainError `invalid_request` */
export function readNewKey(body: Static<typeof NewKeySchema>): NewKey {
  return {
    name: body.name,
    description: body.description ?? '',
    groupId: body.groupId === undefined ? undefined : readUuid<GroupId>('groupId', body.groupId),
    algorithm: body.algorithm,
    parameters: body.parameters ?? {},
    custody: body.custody ?? 'vault',
    persistence: 'stored',
    operations: ['sign', 'verify', ...(body.exportable === true ? (['export'] as const) : [])],
    exportable: body.exportable ?? false,
    enabled: true,
    state: 'active',
    deterministicSignatures: body.deterministicSignatures,
    allowSignDigest: body.allowSignDigest ?? true,
    verifyAfterSign: body.verifyAfterSign ?? false,
    dialectAttributes: {},
    master: body.master ?? false,
  };
}
