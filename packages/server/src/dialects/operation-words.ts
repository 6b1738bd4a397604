/**
 * Operations of roles as two of the dialects spell them, and the permissions that they are. Older and newer names of one
 * operation are both read; the first is what is written.
 */
import { DomainError } from '@countersign/core/domain-error';
import type { Permission } from '@countersign/core/principal';

/** Exhaustive: a new permission doesn't compile until it has a word. */
const WORDS: Readonly<Record<Permission, readonly [string, ...string[]]>> = {
  sign: ['Keys:Signatures:Create', 'Wallets:GenerateSignature'],
  verify: ['Keys:Signatures:Verify'],
  derive: ['Keys:Derive', 'Keys:Vrf:Derive'],
  'read-key': ['Keys:Read'],
  'create-key': ['Keys:Create'],
  'derive-child-key': ['Keys:ChildKeys:Create'],
  'import-key': ['Keys:Import'],
  'manage-key': ['Keys:Update'],
  'delete-key': ['Keys:Delete'],
  'delegate-key': ['Keys:Delegate'],
  'export-key': ['Keys:Export'],
  'reuse-key': ['Keys:Reuse'],
  'blind-sign': ['Keys:Signatures:Blind'],
  'read-requests': ['Keys:Signatures:Read'],
  'confirm-request': ['Keys:Signatures:Confirm'],
  administer: ['Orgs:Administer'],
  'read-key-stores': ['KeyStores:Read', 'Signers:ListSigners'],
  'create-wallet': ['Wallets:Create'],
  'read-wallets': ['Wallets:Read'],
  'create-policy': ['Policies:Create'],
  'read-policies': ['Policies:Read'],
  'update-policy': ['Policies:Update'],
  'archive-policy': ['Policies:Archive', 'Policies:Delete'],
  'read-approvals': ['Policies:Approvals:Read', 'Policies:Evaluations:Read'],
  approve: ['Policies:Approvals:Approve', 'Policies:Evaluations:Vote'],
  'create-role': ['Permissions:Create'],
  'read-roles': ['Permissions:Read'],
  'update-role': ['Permissions:Update'],
  'archive-role': ['Permissions:Archive', 'Permissions:Delete'],
  'assign-role': ['Permissions:Assign'],
  'revoke-role': ['Permissions:Revoke'],
  'read-assignments': ['Permissions:Assignments:Read'],
  'create-webhook': ['Webhooks:Create'],
  'read-webhooks': ['Webhooks:Read'],
  'update-webhook': ['Webhooks:Update'],
  'delete-webhook': ['Webhooks:Delete'],
  'ping-webhook': ['Webhooks:Ping'],
  'read-webhook-events': ['Webhooks:Events:Read'],
  'create-service-account': ['Auth:ServiceAccounts:Create'],
  'read-service-accounts': ['Auth:ServiceAccounts:Read'],
  'update-service-account': [
    'Auth:ServiceAccounts:Update',
    'Auth:ServiceAccounts:Activate',
    'Auth:ServiceAccounts:Deactivate',
  ],
  'delete-service-account': ['Auth:ServiceAccounts:Delete'],
  'create-personal-token': ['Auth:Pats:Create'],
  'create-user': ['Auth:Users:Create'],
  'read-users': ['Auth:Users:Read'],
  'update-user': ['Auth:Users:Update', 'Auth:Users:Activate', 'Auth:Users:Deactivate'],
  'delete-user': ['Auth:Users:Delete'],
  'read-log': ['Auth:Logs:Read'],
};

/** Operations that everybody has who is known: read, and nothing is kept of them. */
const GRANTED_TO_ALL: readonly string[] = [
  'Auth:Action:Sign',
  'Auth:Creds:Create',
  'Auth:Creds:Read',
  'Auth:Creds:Update',
];

const BY_WORD: ReadonlyMap<string, Permission> = new Map(
  (Object.entries(WORDS) as [Permission, readonly string[]][]).flatMap(([permission, words]) =>
    words.map((word): [string, Permission] => [word, permission]),
  ),
);

/** In order, none twice. @throws DomainError `invalid_request` for a word that isn't one here */
export function readOperations(words: readonly string[]): readonly Permission[] {
  const permissions = new Set<Permission>();
  for (const word of words) {
    if (GRANTED_TO_ALL.includes(word)) continue;
    const permission = BY_WORD.get(word);
    if (permission === undefined) {
      const named = /^[A-Za-z:]{1,60}$/.test(word) ? word : 'one of the operations';
      throw new DomainError('invalid_request', `${named} is not an operation of this server`);
    }
    permissions.add(permission);
  }
  return [...permissions];
}

export function writeOperations(permissions: readonly Permission[]): readonly string[] {
  return permissions.map((permission) => WORDS[permission][0]);
}
