import type { Endpoint } from '../dialect.ts';
import { addExternalRule } from './admin-endpoints/add-external-rule.ts';
import { attachPolicyToKey, attachPolicyToUser } from './admin-endpoints/attach-policy.ts';
import { createPolicy } from './admin-endpoints/create-policy.ts';
import { createUser } from './admin-endpoints/create-user.ts';
import { defineCluster } from './admin-endpoints/define-cluster.ts';
import { deletePolicy } from './admin-endpoints/delete-policy.ts';
import { deleteRule } from './admin-endpoints/delete-rule.ts';
import { deleteUser } from './admin-endpoints/delete-user.ts';
import { detachPolicyFromKey, detachPolicyFromUser } from './admin-endpoints/detach-policy.ts';
import { generateApiKey } from './admin-endpoints/generate-api-key.ts';
import { getEffectiveKeyPolicy } from './admin-endpoints/get-effective-key-policy.ts';
import { listAllPolicies } from './admin-endpoints/list-all-policies.ts';
import { listAllRules } from './admin-endpoints/list-all-rules.ts';
import { listAllSystemKeys } from './admin-endpoints/list-all-system-keys.ts';
import { listAllUserKeys } from './admin-endpoints/list-all-user-keys.ts';
import { listAllUsers } from './admin-endpoints/list-all-users.ts';
import { removeRuleFromPolicy } from './admin-endpoints/remove-rule-from-policy.ts';
import { revokeApiKey } from './admin-endpoints/revoke-api-key.ts';

/** Every call of the administrator. Adding one: its file, and a line here. */
export const ADMIN_ENDPOINTS: readonly Endpoint[] = [
  createUser,
  generateApiKey,
  revokeApiKey,
  deleteUser,
  listAllUsers,
  listAllSystemKeys,
  listAllUserKeys,
  addExternalRule,
  listAllRules,
  deleteRule,
  createPolicy,
  listAllPolicies,
  deletePolicy,
  removeRuleFromPolicy,
  attachPolicyToKey,
  attachPolicyToUser,
  detachPolicyFromKey,
  detachPolicyFromUser,
  getEffectiveKeyPolicy,
  defineCluster,
].flat();
