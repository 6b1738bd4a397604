import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { createBodyReader } from '../read-body.ts';
import { renderSobject, SobjectSchema } from '../sobject.ts';
import { readNewKey, SobjectRequestSchema } from '../sobject-request.ts';

const readRequest = createBodyReader(SobjectRequestSchema);

/** Generates a key; with `transient: true` one that only this session has. */
export const createKey: Endpoint = {
  method: 'POST',
  path: '/crypto/v1/keys',
  authentication: 'api-key-or-session',
  permissions: ['create-key'],
  request: SobjectRequestSchema,
  responses: { 201: SobjectSchema },
  async handle({ services, caller, body }) {
    const key = await services.keys.generate(caller, readNewKey(readRequest(body), caller, Date.now()));
    const transient = key.persistence === 'transient' ? services.keys.sealTransient(caller, key) : undefined;
    return jsonAnswer(201, renderSobject(key, caller, transient));
  },
};
