import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { NothingSchema } from '../key-answers.ts';
import { NameSchema } from '../name-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { KeygenIdList } from '../read-keygen-ids.ts';
import { adminEndpoint } from '../role-endpoint.ts';

const Request = Type.Object({ name: NameSchema, keygen_ids: KeygenIdList });
const readRequest = createBodyReader(Request);

/** Ours: names a set of servers by their persistent keygen ids. The reference doesn't say how a cluster comes to be. */
export const defineCluster = adminEndpoint({
  methods: ['POST'],
  path: '/admin/clusters',
  request: Request,
  responses: { 200: NothingSchema },
  async handle({ services, caller, body }) {
    const { name, keygen_ids: keygenIds } = readRequest(body);
    await services.threshold.defineCluster(caller, name, keygenIds);
    return NOTHING;
  },
});
