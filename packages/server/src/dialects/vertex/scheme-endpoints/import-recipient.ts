import { Type } from 'typebox';
import { findKey } from '../find-share.ts';
import { GeneratedKeyAnswerSchema, generatedKeyAnswer } from '../key-answers.ts';
import { PartyCountSchema } from '../party-count-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { KEY_MEMBERS, readKey } from '../read-key.ts';
import { KEYGEN_ID_MEMBERS, readKeygenIds } from '../read-keygen-ids.ts';
import { MEETING_MEMBERS, readMeeting } from '../read-meeting.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

/** `num_parties` isn't a member: it follows from the ids, and is ignored as all unknown members are. */
const Request = Type.Object({
  ...KEY_MEMBERS,
  ...MEETING_MEMBERS,
  ...KEYGEN_ID_MEMBERS,
  threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

/** Receives a share of an imported key into a key made by create. */
export const importRecipient: SchemeEndpoint = (scheme) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/import/import-key-share-recipient`,
    request: Request,
    responses: { 200: GeneratedKeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const othersKeygenIds = readKeygenIds('others_keygen_ids', request);
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      const { threshold } = request;
      return generatedKeyAnswer(
        await services.threshold.importReceive(caller, { key, meeting, othersKeygenIds, threshold }),
      );
    },
  });
