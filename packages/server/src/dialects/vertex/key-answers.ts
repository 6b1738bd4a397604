/** Answers that are about a key. */
import type { KeyId } from '@countersign/core/ids';
import type { GeneratedKey } from '@countersign/core/threshold/threshold-keys';
import { Type } from 'typebox';
import type { Answer } from '../dialect.ts';
import { jsonAnswer } from '../json-answer.ts';
import { encodeHex } from './hex.ts';

const CLOSED = { additionalProperties: false };

export const KeyIdSchema = Type.String({ format: 'uuid' });
export const HexSchema = Type.String({ pattern: '^(?:[0-9a-f]{2})*$' });
export const NothingSchema = Type.Object({}, CLOSED);
export const KeyAnswerSchema = Type.Object({ key_id: KeyIdSchema }, CLOSED);
export const GeneratedKeyAnswerSchema = Type.Object(
  {
    key_id: KeyIdSchema,
    params_hash: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Ours: equal on all parties, or they were given different parameters. Compare it.',
    }),
  },
  CLOSED,
);

export function keyAnswer(id: KeyId): Answer {
  return jsonAnswer(200, { key_id: id });
}

export function generatedKeyAnswer({ id, parametersHash }: GeneratedKey): Answer {
  return jsonAnswer(200, { key_id: id, params_hash: encodeHex(parametersHash) });
}
