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

const Request = Type.Object({
  ...KEY_MEMBERS,
  ...MEETING_MEMBERS,
  ...KEYGEN_ID_MEMBERS,
  num_parties: PartyCountSchema,
  threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

/** Generates a key together with the other parties; answers when all of them have acknowledged it. */
export const keygen: SchemeEndpoint = (scheme) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/keygen`,
    request: Request,
    responses: { 200: GeneratedKeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const othersKeygenIds = readKeygenIds('others_keygen_ids', request);
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      const { num_parties: parties, threshold } = request;
      return generatedKeyAnswer(
        await services.threshold.generate(caller, { key, meeting, parties, threshold, othersKeygenIds }),
      );
    },
  });
