import type { Endpoint } from '../../dialect.ts';
import { NO_CONTENT } from '../answers.ts';

/** Keeps an idle session alive: every authenticated call moves its expiry, and this one does nothing else. */
export const sessionRefresh: Endpoint = {
  method: 'POST',
  path: '/sys/v1/session/refresh',
  authentication: 'session',
  permissions: [],
  request: undefined,
  responses: { 204: undefined },
  handle: () => Promise.resolve(NO_CONTENT),
};
