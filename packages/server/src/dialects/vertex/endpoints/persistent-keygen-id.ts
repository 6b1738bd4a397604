import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { publicEndpoint } from '../role-endpoint.ts';

/** Who this server is to the others of a cluster. */
export const persistentKeygenId = publicEndpoint({
  methods: ['GET'],
  path: '/cluster/persistent-keygen-id',
  request: undefined,
  responses: { 200: Type.Object({ keygen_id: Type.String({ minLength: 1 }) }, { additionalProperties: false }) },
  async handle({ services }) {
    return jsonAnswer(200, { keygen_id: await services.threshold.persistentKeygenId() });
  },
});
