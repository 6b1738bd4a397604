import type { Dialect } from '../dialect.ts';
import { authenticate } from './authenticate.ts';
import { ENDPOINTS } from './endpoints.ts';
import { ErrorSchema, renderError, renderFault } from './native-error.ts';
import { webhookFormat } from './render-event.ts';

/** Our own API: everything that the service does, in one shape. */
export const native: Dialect = {
  name: 'native',
  pathPrefixes: ['/api/v1'],
  endpoints: ENDPOINTS,
  authenticate,
  proofHeader: 'x-countersign-user-action',
  webhookFormat,
  openApi: {
    title: 'Countersign',
    version: '1',
    description:
      'Keys, signatures, requests, policies, approvals, people, webhooks and the log. Bytes are base64 with padding; dates are ISO 8601 in UTC; unknown members are refused.',
    error: ErrorSchema,
  },
  renderError,
  renderFault,
};
