import { RULE_ALGORITHMS } from '@countersign/core/policy/external/external-rule';
import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { NameSchema } from '../name-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { adminEndpoint } from '../role-endpoint.ts';

const Request = Type.Object({
  name: NameSchema,
  url: Type.String({ minLength: 1, maxLength: 4096 }),
  pubkey: Type.String({ minLength: 1, maxLength: 16_384, description: 'PEM' }),
  jwt_alg: Type.Union(RULE_ALGORITHMS.map((algorithm) => Type.Literal(algorithm))),
});
const readRequest = createBodyReader(Request);

export const addExternalRule = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/add-external-rule',
  request: Request,
  responses: { 200: Type.Object({ rule_id: Type.String({ format: 'uuid' }) }, { additionalProperties: false }) },
  async handle({ services, caller, body }) {
    const { name, url, pubkey: publicKeyPem, jwt_alg: algorithm } = readRequest(body);
    const rule = await services.policies.addExternalRule(caller, { name, url, publicKeyPem, algorithm });
    return jsonAnswer(200, { rule_id: rule.id });
  },
});
