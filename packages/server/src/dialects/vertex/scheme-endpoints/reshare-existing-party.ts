import { Type } from 'typebox';
import { findKey } from '../find-share.ts';
import { KeyAnswerSchema, keyAnswer } from '../key-answers.ts';
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
  new_threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

/** From t of n to t' of n', by a party that holds a share. */
export const reshareExistingParty: SchemeEndpoint = (scheme) =>
  userEndpoint(['manage-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/reshare/existing-party`,
    request: Request,
    responses: { 200: KeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const keygenIds = readKeygenIds('keygen_ids', request);
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      const { new_threshold: newThreshold } = request;
      return keyAnswer(await services.threshold.reshareExisting(caller, { key, meeting, keygenIds, newThreshold }));
    },
  });
