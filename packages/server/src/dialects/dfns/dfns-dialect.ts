import type { Dialect } from '../dialect.ts';
import { authenticate } from './authenticate.ts';
import { renderError, renderFault } from './dfns-error.ts';
import { ENDPOINTS } from './endpoints.ts';
import { webhookFormat } from './webhook-format.ts';

/** The HTTP API of Dfns: keys, wallets, signature requests, policies and approvals, with a signed user action per change. */
export const dfns: Dialect = {
  name: 'dfns',
  pathPrefixes: ['/keys', '/wallets', '/auth', '/v2', '/permissions', '/webhooks', '/signers', '/key-stores'],
  endpoints: ENDPOINTS,
  authenticate,
  proofHeader: 'x-dfns-useraction',
  webhookFormat,
  renderError,
  renderFault,
};
