import { NOTHING } from '../answers.ts';
import { findKey } from '../find-share.ts';
import { NothingSchema } from '../key-answers.ts';
import { readPathKey } from '../read-key.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

/** Destroys this party's share. The reference names the call without saying where it is; the path is ours. */
export const deleteKeyShare: SchemeEndpoint = (scheme) =>
  userEndpoint(['delete-key'], {
    methods: ['DELETE'],
    path: `/${scheme.word}/delete-key-share/:key_id`,
    request: undefined,
    responses: { 200: NothingSchema },
    async handle({ services, caller, params }) {
      await services.threshold.remove(caller, await findKey(services, caller, scheme, readPathKey(params)));
      return NOTHING;
    },
  });
