import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { KeyIdSchema } from '../key-answers.ts';
import { readParameters } from '../read-parameters.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

/** Starts a key: its id, and the keygen id that the caller gives to the other parties. */
export const create: SchemeEndpoint = ({ word, algorithm }) =>
  userEndpoint(['create-key'], {
    methods: ['GET', 'POST'],
    path: `/${word}/create`,
    request: Type.Object({ key_name: Type.Optional(Type.String()) }),
    responses: {
      200: Type.Object(
        { key_id: KeyIdSchema, keygen_id: Type.String({ minLength: 1 }) },
        { additionalProperties: false },
      ),
    },
    async handle(context) {
      const { key_name: name } = readParameters(context, ['key_name']);
      const { id, keygenId } = await context.services.threshold.create(context.caller, algorithm, name);
      return jsonAnswer(200, { key_id: id, keygen_id: keygenId });
    },
  });
