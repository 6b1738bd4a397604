import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';

/** The version of DSM whose API this is; clients compare it to know what they may call. */
const VERSION = { version: '5.8.0', api_version: 'v1-20260710', server_mode: 'Software' };

export const getVersion: Endpoint = {
  method: 'GET',
  path: '/sys/v1/version',
  authentication: 'none',
  permissions: [],
  request: undefined,
  responses: {
    200: Type.Object({ version: Type.String(), api_version: Type.String(), server_mode: Type.Literal('Software') }),
  },
  handle: () => Promise.resolve(jsonAnswer(200, VERSION)),
};
