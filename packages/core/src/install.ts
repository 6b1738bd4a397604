/** The first start: an account, a group and an administrator whose API key is shown once. */
import { createApiKey, parseApiKey } from './api-key.ts';
import { DomainError } from './domain-error.ts';
import { type AccountId, type GroupId, newId, type PrincipalId } from './ids.ts';
import type { Directory } from './ports/directory.ts';

export interface Installation {
  readonly accountId: AccountId;
  readonly groupId: GroupId;
  /** The administrator's API key; undefined where the operator chose it and so knows it. */
  readonly apiKeyText: string | undefined;
}

/**
 * Installs into an empty database; undefined where an account exists already. `bootstrapKey` is an API key in our
 * own form (`base64(uuid ":" secret)`, a secret of at least 16 characters) that becomes the administrator's.
 * @throws DomainError `invalid_request` for a bootstrap key of another form
 */
export async function installOnce(
  directory: Directory,
  bootstrapKey: string | undefined,
  nowMs: number,
): Promise<Installation | undefined> {
  if ((await directory.firstAccount()) !== undefined) return undefined;
  const credential = bootstrapKey === undefined ? madeCredential() : givenCredential(bootstrapKey);
  const accountId = newId<AccountId>();
  const groupId = newId<GroupId>();
  await directory.install({
    account: { id: accountId, name: 'default', settings: { allowLegacy: [] }, createdAtMs: nowMs, revision: 1 },
    group: { id: groupId, accountId, name: 'default', createdBy: credential.principalId, createdAtMs: nowMs },
    administrator: {
      id: credential.principalId,
      accountId,
      kind: 'service',
      name: 'administrator',
      enabled: true,
      defaultGroupId: groupId,
      grants: [{ scope: { kind: 'account' }, permissions: ['administer'] }],
      requiresProof: false,
    },
    apiKeyDigest: credential.secretDigest,
  });
  return { accountId, groupId, apiKeyText: credential.text };
}

interface Credential {
  readonly principalId: PrincipalId;
  readonly secretDigest: Uint8Array;
  readonly text: string | undefined;
}

function madeCredential(): Credential {
  const principalId = newId<PrincipalId>();
  return { principalId, ...createApiKey(principalId) };
}

function givenCredential(bootstrapKey: string): Credential {
  const parsed = parseApiKey(bootstrapKey);
  if (parsed === undefined)
    throw new DomainError(
      'invalid_request',
      'the bootstrap key must be base64 of "<uuid>:<secret of 16 or more characters>"',
    );
  return { ...parsed, text: undefined };
}
