import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { NOTHING } from '../answers.ts';
import { findKey } from '../find-share.ts';
import { encodeHex } from '../hex.ts';
import { createBodyReader } from '../read-body.ts';
import { KEY_MEMBERS, readKey } from '../read-key.ts';
import { KeygenIdSchema } from '../read-keygen-ids.ts';
import { MEETING_MEMBERS, readMeeting } from '../read-meeting.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

const Request = Type.Object({
  ...KEY_MEMBERS,
  ...MEETING_MEMBERS,
  export_to: KeygenIdSchema,
});
const readRequest = createBodyReader(Request);

/** Leaves threshold signing: the party whose export id is `export_to` learns the private key, the others nothing. */
export const exportFull: SchemeEndpoint = (scheme) =>
  userEndpoint(['export-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/export/full`,
    request: Request,
    responses: {
      200: Type.Object(
        {
          private_key: Type.Optional(
            Type.String({
              pattern: '^[0-9a-f]{64}$',
              description: 'The scalar, for ed25519 too: it is not an RFC 8032 seed. On the recipient alone.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      const { export_to: exportTo } = request;
      const privateKey = await services.threshold.exportFull(caller, { key, exportTo, meeting });
      if (privateKey === undefined) return NOTHING;
      try {
        return jsonAnswer(200, { private_key: encodeHex(privateKey) });
      } finally {
        privateKey.fill(0);
      }
    },
  });
