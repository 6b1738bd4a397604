import { Type } from 'typebox';
import { findKey } from '../find-share.ts';
import { KeyAnswerSchema, keyAnswer } from '../key-answers.ts';
import { createBodyReader } from '../read-body.ts';
import { KEY_MEMBERS, readKey } from '../read-key.ts';
import { MEETING_MEMBERS, readMeeting } from '../read-meeting.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

const Request = Type.Object({ ...KEY_MEMBERS, ...MEETING_MEMBERS });
const readRequest = createBodyReader(Request);

/** New shares of the same key, under a new id. */
export const refresh: SchemeEndpoint = (scheme) =>
  userEndpoint(['manage-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/refresh`,
    request: Request,
    responses: { 200: KeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const key = await findKey(services, caller, scheme, orThrow(readKey(request)));
      return keyAnswer(await services.threshold.refresh(caller, key, meeting));
    },
  });
