import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { findKey } from '../find-share.ts';
import { readPathKey } from '../read-key.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

/** The id by which other parties name this party of an existing key. Both published spellings of the path. */
export const exportId: SchemeEndpoint = (scheme) =>
  ['export/exportId', 'export-id'].flatMap((name) =>
    userEndpoint([], {
      methods: ['GET'],
      path: `/${scheme.word}/${name}/:key_id`,
      request: undefined,
      responses: { 200: Type.Object({ export_id: Type.String({ minLength: 1 }) }, { additionalProperties: false }) },
      async handle({ services, caller, params }) {
        const key = await findKey(services, caller, scheme, readPathKey(params));
        return jsonAnswer(200, { export_id: await services.threshold.exportId(caller, key) });
      },
    }),
  );
