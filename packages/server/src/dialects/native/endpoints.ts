import type { Endpoint } from '../dialect.ts';
import { KEY_ENDPOINTS } from './endpoints/keys.ts';
import { POLICY_ENDPOINTS } from './endpoints/policies.ts';
import { REQUEST_ENDPOINTS } from './endpoints/requests.ts';
import { SERVICE_ACCOUNT_ENDPOINTS } from './endpoints/service-accounts.ts';
import { SIGNATURE_ENDPOINTS } from './endpoints/signatures.ts';
import { USER_ACTION_ENDPOINTS } from './endpoints/user-actions.ts';

/** Every call of our own API, by what it is about. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...USER_ACTION_ENDPOINTS,
  ...KEY_ENDPOINTS,
  ...SIGNATURE_ENDPOINTS,
  ...REQUEST_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...SERVICE_ACCOUNT_ENDPOINTS,
];
