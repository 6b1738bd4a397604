import type { Dialect } from '../dialect.ts';
import { authenticate } from './authenticate.ts';
import { ENDPOINTS } from './endpoints.ts';
import { renderError, renderFault } from './native-error.ts';

/** Our own API: everything that the service does, in one shape. */
export const native: Dialect = {
  name: 'native',
  pathPrefixes: ['/api/v1'],
  endpoints: ENDPOINTS,
  authenticate,
  proofHeader: 'x-countersign-user-action',
  renderError,
  renderFault,
};
