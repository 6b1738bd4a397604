import type { Dialect } from '../dialect.ts';
import { authenticate } from './authenticate.ts';
import { ENDPOINTS } from './endpoints.ts';
import { SCHEMES } from './scheme.ts';
import { renderError, renderFault } from './vertex-error.ts';

/** The HTTP API of a Sodot Vertex: one party of threshold keys. */
export const vertex: Dialect = {
  name: 'vertex',
  pathPrefixes: [
    '/create-room',
    ...SCHEMES.map(({ word }) => `/${word}`),
    '/ecdsa',
    '/hmac-sha256',
    '/admin',
    '/identity-pubkey',
    '/cluster',
    '/version',
  ],
  endpoints: ENDPOINTS,
  authenticate,
  proofHeader: 'x-countersign-user-action',
  renderError,
  renderFault,
};
