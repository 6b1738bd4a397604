import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { KEY_PARAMETERS, POLICY_PARAMETERS, USER_PARAMETERS } from '../parameter-schemas.ts';
import { readKeyParameter, readPolicy, readUser } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

export const attachPolicyToKey = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/attach-policy-to-key',
  request: Type.Object({ ...POLICY_PARAMETERS, ...KEY_PARAMETERS }),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.policies.attachToKey(context.caller, readPolicy(context), readKeyParameter(context));
    return NOTHING;
  },
});

/** The default for keys that the user makes. */
export const attachPolicyToUser = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/attach-policy-to-user',
  request: Type.Object({ ...POLICY_PARAMETERS, ...USER_PARAMETERS }),
  responses: { 200: NothingSchema },
  async handle(context) {
    await context.services.policies.attachToUser(context.caller, readPolicy(context), readUser(context));
    return NOTHING;
  },
});
