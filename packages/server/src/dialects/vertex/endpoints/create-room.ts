import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { createBodyReader } from '../read-body.ts';
import { userEndpoint } from '../role-endpoint.ts';

const Request = Type.Object({ room_size: Type.Integer({ minimum: 1, maximum: 0xffff }) });
const readRequest = createBodyReader(Request);

/** A room at this server's relay, for one operation of so many parties. */
export const createRoom = userEndpoint([], {
  methods: ['POST'],
  path: '/create-room',
  request: Request,
  responses: { 200: Type.Object({ room_uuid: Type.String({ minLength: 1 }) }, { additionalProperties: false }) },
  async handle({ services, caller, body }) {
    const { room_size: size } = readRequest(body);
    return jsonAnswer(200, { room_uuid: await services.threshold.createRoom(caller, size) });
  },
});
