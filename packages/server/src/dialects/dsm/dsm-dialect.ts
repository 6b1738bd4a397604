import type { Dialect } from '../dialect.ts';
import { authenticate } from './authenticate.ts';
import { renderError, renderFault } from './dsm-error.ts';
import { ENDPOINTS } from './endpoints.ts';

/** Most of the reference's calls that aren't built are a path or a method that isn't there. */
const NOT_BUILT = 'this call is not supported yet, or does not exist';

/** The REST API of Fortanix DSM, around keys and signing. */
export const dsm: Dialect = {
  name: 'dsm',
  pathPrefixes: ['/sys/v1', '/crypto/v1', '/batch/v1'],
  endpoints: ENDPOINTS,
  authenticate,
  proofHeader: 'x-countersign-user-action',
  renderError,
  renderFault: (status, message) => renderFault(status, status === 404 || status === 405 ? NOT_BUILT : message),
};
