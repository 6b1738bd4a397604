import type { Endpoint } from '../dialect.ts';
import { refuseUnknownQueries } from '../refuse-query.ts';
import { CREDENTIAL_ENDPOINTS } from './endpoints/credentials.ts';
import { IDENTITY_ENDPOINTS } from './endpoints/identities.ts';
import { KEY_ENDPOINTS } from './endpoints/keys.ts';
import { PERMISSION_ENDPOINTS } from './endpoints/permissions.ts';
import { POLICY_ENDPOINTS } from './endpoints/policies.ts';
import { SIGNATURE_ENDPOINTS } from './endpoints/signatures.ts';
import { USER_ACTION_ENDPOINTS } from './endpoints/user-actions.ts';
import { WALLET_ENDPOINTS } from './endpoints/wallets.ts';
import { WEBHOOK_ENDPOINTS } from './endpoints/webhooks.ts';

/** Every call of this API, by what it is about. */
export const ENDPOINTS: readonly Endpoint[] = refuseUnknownQueries([
  ...USER_ACTION_ENDPOINTS,
  ...CREDENTIAL_ENDPOINTS,
  ...IDENTITY_ENDPOINTS,
  ...PERMISSION_ENDPOINTS,
  ...KEY_ENDPOINTS,
  ...SIGNATURE_ENDPOINTS,
  ...WALLET_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...WEBHOOK_ENDPOINTS,
]);
