import { DomainError } from '@countersign/core/domain-error';
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
  old_threshold: PartyCountSchema,
  new_threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

/** Joins the quorum of an existing key, with a key made by create. */
export const reshareNewParty: SchemeEndpoint = (scheme) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/reshare/new-party`,
    request: Request,
    responses: { 200: GeneratedKeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const keygenIds = readKeygenIds('keygen_ids', request);
      const { old_threshold: oldThreshold, new_threshold: newThreshold } = request;
      // How many old parties there are is theirs to know; that none at all deal is impossible anyway.
      if (oldThreshold === 0)
        throw new DomainError('invalid_request', 'old_threshold must be at least 1', { subject: 'quorum' });
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      return generatedKeyAnswer(
        await services.threshold.reshareNew(caller, { key, meeting, keygenIds, oldThreshold, newThreshold }),
      );
    },
  });
