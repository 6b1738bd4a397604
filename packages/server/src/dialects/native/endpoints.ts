import type { Endpoint } from '../dialect.ts';
import { refuseUnknownQueries } from '../refuse-query.ts';
import { CREDENTIAL_ENDPOINTS } from './endpoints/credentials.ts';
import { KEY_ENDPOINTS } from './endpoints/keys.ts';
import { LOG_ENDPOINTS } from './endpoints/log.ts';
import { POLICY_ENDPOINTS } from './endpoints/policies.ts';
import { REGISTRATION_ENDPOINTS } from './endpoints/registration.ts';
import { REQUEST_ENDPOINTS } from './endpoints/requests.ts';
import { ROLE_ENDPOINTS } from './endpoints/roles.ts';
import { RULE_SERVER_ENDPOINTS } from './endpoints/rule-servers.ts';
import { SERVICE_ACCOUNT_ENDPOINTS } from './endpoints/service-accounts.ts';
import { SIGNATURE_ENDPOINTS } from './endpoints/signatures.ts';
import { TOKEN_ENDPOINTS } from './endpoints/tokens.ts';
import { USER_ACTION_ENDPOINTS } from './endpoints/user-actions.ts';
import { USER_ENDPOINTS } from './endpoints/users.ts';
import { WALLET_ENDPOINTS } from './endpoints/wallets.ts';
import { WEBHOOK_ENDPOINTS } from './endpoints/webhooks.ts';

/** Every call of our own API, by what it is about. */
export const ENDPOINTS: readonly Endpoint[] = refuseUnknownQueries([
  ...KEY_ENDPOINTS,
  ...SIGNATURE_ENDPOINTS,
  ...REQUEST_ENDPOINTS,
  ...WALLET_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...RULE_SERVER_ENDPOINTS,
  ...USER_ENDPOINTS,
  ...SERVICE_ACCOUNT_ENDPOINTS,
  ...TOKEN_ENDPOINTS,
  ...ROLE_ENDPOINTS,
  ...CREDENTIAL_ENDPOINTS,
  ...REGISTRATION_ENDPOINTS,
  ...USER_ACTION_ENDPOINTS,
  ...WEBHOOK_ENDPOINTS,
  ...LOG_ENDPOINTS,
]);
