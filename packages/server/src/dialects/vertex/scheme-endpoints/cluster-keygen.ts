import { Type } from 'typebox';
import { GeneratedKeyAnswerSchema, generatedKeyAnswer } from '../key-answers.ts';
import { NameSchema } from '../name-schema.ts';
import { PartyCountSchema } from '../party-count-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { MEETING_MEMBERS, readMeeting } from '../read-meeting.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

const Request = Type.Object({
  ...MEETING_MEMBERS,
  key_name: NameSchema,
  cluster_name: NameSchema,
  num_parties: PartyCountSchema,
  threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

/** Generates a key among the servers of a cluster, under one name on all of them. */
export const clusterKeygen: SchemeEndpoint = ({ word, algorithm }) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/cluster/${word}/keygen`,
    request: Request,
    responses: { 200: GeneratedKeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const { key_name: keyName, cluster_name: clusterName, num_parties: parties, threshold } = request;
      return generatedKeyAnswer(
        await services.threshold.generateInCluster(caller, {
          algorithm,
          keyName,
          clusterName,
          meeting,
          parties,
          threshold,
        }),
      );
    },
  });
