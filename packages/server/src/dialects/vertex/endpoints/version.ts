import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { publicEndpoint } from '../role-endpoint.ts';

/** That of the server's package; a test holds the two together, since a dialect reads no files. */
const VERSION = '0.1.0';

/** Ours: the reference has no such call. */
export const version = publicEndpoint({
  methods: ['GET'],
  path: '/version',
  request: undefined,
  responses: { 200: Type.Object({ version: Type.String({ minLength: 1 }) }, { additionalProperties: false }) },
  handle: () => Promise.resolve(jsonAnswer(200, { version: VERSION })),
});
