import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { KEY_PARAMETERS, POLICY_PARAMETERS, USER_PARAMETERS } from '../parameter-schemas.ts';
import { readKeyParameter, readOptionalPolicy, readUser } from '../read-reference.ts';
import { adminEndpoint } from '../role-endpoint.ts';

/** The policy needn't be named; where it is, it must be the one that is attached. */
export const detachPolicyFromKey = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/detach-policy-from-key',
  request: Type.Object({ ...POLICY_PARAMETERS, ...KEY_PARAMETERS }),
  responses: { 200: NothingSchema },
  async handle(context) {
    const { services, caller } = context;
    await services.policies.detachFromKey(caller, readKeyParameter(context), readOptionalPolicy(context));
    return NOTHING;
  },
});

/** The same for a user's default. */
export const detachPolicyFromUser = adminEndpoint({
  methods: ['POST'],
  path: '/admin/policies/detach-policy-from-user',
  request: Type.Object({ ...POLICY_PARAMETERS, ...USER_PARAMETERS }),
  responses: { 200: NothingSchema },
  async handle(context) {
    const { services, caller } = context;
    await services.policies.detachFromUser(caller, readUser(context), readOptionalPolicy(context));
    return NOTHING;
  },
});
