import type { Endpoint } from '../../dialect.ts';
import { NO_CONTENT } from '../answers.ts';

/** Ends the session that the call is made with. */
export const sessionTerminate: Endpoint = {
  method: 'POST',
  path: '/sys/v1/session/terminate',
  authentication: 'session',
  permissions: [],
  request: undefined,
  responses: { 204: undefined },
  async handle({ services, token }) {
    if (token !== undefined) await services.sessions.terminate(token);
    return NO_CONTENT;
  },
};
