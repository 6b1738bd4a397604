/** Commands on wallets. */
import { loadChain } from '@countersign/chains/registry';
import { DomainError } from '../domain-error.ts';
import { newId, type WalletId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Keys } from '../keys.ts';
import { isOneLine } from '../policy/external/one-line.ts';
import { canSeeKey, holdsOnKey, reachesKeys } from '../policy/key-access.ts';
import type { Directory, KeyStore } from '../ports/directory.ts';
import type { WalletStore } from '../ports/wallet-store.ts';
import { administersAccount, type Caller, holdsOnAccount, isAboutKeys, type Permission } from '../principal.ts';
import type { Wallet } from './wallet.ts';
import type { Wallets, WalletWithKey } from './wallets.ts';

export interface WalletDependencies {
  readonly wallets: WalletStore;
  readonly keys: Pick<Keys, 'find' | 'generate'>;
  readonly keyStore: Pick<KeyStore, 'resolve' | 'remove'>;
  readonly directory: Pick<Directory, 'account'>;
  readonly now: () => number;
}

type WalletRequest = Parameters<Wallets['create']>[1];
type KeyChoice = Parameters<Wallets['create']>[2];

const MAX_NETWORK_CHARACTERS = 64;
const MAX_NAME_CHARACTERS = 255;
const MAX_TAGS = 50;
const MAX_TAG_CHARACTERS = 100;
const MAX_EXTERNAL_ID_CHARACTERS = 200;

export function createWallets(dependencies: WalletDependencies): Wallets {
  const { wallets, keys, keyStore, directory } = dependencies;
  /** Requests under way with an external id, so that the same one at once doesn't make two keys. */
  const underWay = new Map<string, Promise<WalletWithKey>>();

  /** The wallet of a former request with this external id, where it was the same request. */
  async function former(caller: Caller, request: WalletRequest, choice: KeyChoice): Promise<WalletWithKey | undefined> {
    if (request.externalId === undefined) return undefined;
    const wallet = await wallets.byExternalId(caller.principal.accountId, request.externalId);
    if (wallet === undefined) return undefined;
    const [key] = await keyStore.resolve(wallet.accountId, [{ by: 'id', id: wallet.keyId }]);
    if (key === undefined || !isSame(wallet, key, request, choice))
      // Not `external-id`: its object is a request.
      throw new DomainError('conflict', 'another wallet has this external id', {
        subject: 'wallet',
        ...(key !== undefined && canSeeKey(caller.principal, key) ? { objectId: wallet.id } : {}),
      });
    return { wallet, key: await keys.find(caller, { by: 'id', id: wallet.keyId }) };
  }

  async function make(caller: Caller, request: WalletRequest, choice: KeyChoice): Promise<WalletWithKey> {
    const known = await former(caller, request, choice);
    if (known !== undefined) return known;
    if ('existing' in choice) {
      const key = await reusableKey(keys, caller, choice.existing);
      const wallet = await walletOf(dependencies, caller, request, key);
      await wallets.insert(wallet, caller.principal.id);
      return { wallet, key };
    }
    if (choice.create.persistence !== 'stored')
      throw new DomainError('invalid_request', 'a wallet needs a key that is stored');
    const key = await keys.generate(caller, choice.create);
    try {
      const wallet = await walletOf(dependencies, caller, request, key);
      await wallets.insert(wallet, caller.principal.id);
      return { wallet, key };
    } catch (cause) {
      // A key of a wallet that isn't there would never be found again. After an unknown outcome it stays.
      if (cause instanceof DomainError && cause.code !== 'unavailable' && cause.code !== 'internal')
        await keyStore.remove(key.accountId, key.id, caller.principal.id);
      throw cause;
    }
  }

  return {
    async create(caller, request, choice) {
      requireOnAccount(caller, 'create-wallet');
      checkRequest(request);
      const { externalId } = request;
      if (externalId === undefined) return make(caller, request, choice);
      const index = `${caller.principal.accountId} ${externalId}`;
      for (let other = underWay.get(index); other !== undefined; other = underWay.get(index))
        await other.catch(() => undefined);
      const made = make(caller, request, choice).finally(() => underWay.delete(index));
      underWay.set(index, made);
      return made;
    },

    async get(caller, id) {
      requireOnAccount(caller, 'read-wallets');
      const wallet = await wallets.find(caller.principal.accountId, id);
      const [key] = wallet === undefined ? [] : await keyStore.resolve(wallet.accountId, [byKey(wallet)]);
      if (wallet === undefined || key === undefined || !canSeeKey(caller.principal, key))
        throw new DomainError('not_found', 'no such wallet', { subject: 'wallet' });
      return { wallet, key };
    },

    async list(caller, { after, limit }) {
      requireOnAccount(caller, 'read-wallets');
      const { principal } = caller;
      const { accountId } = principal;
      const viewer = administersAccount(principal) || !reachesKeys(principal) ? undefined : principal.id;
      const page = await wallets.list({ accountId, among: visibleKeys(caller), viewer, after, limit });
      const found = await keyStore.resolve(accountId, page.items.map(byKey));
      const items = page.items.flatMap((wallet, index) => {
        const key = found[index];
        return key !== undefined && canSeeKey(principal, key) ? [{ wallet, key }] : [];
      });
      return { items, more: page.more };
    },

    async ofKey(caller, keyId) {
      const key = await keys.find(caller, { by: 'id', id: keyId });
      const account = await directory.account(key.accountId);
      if (account === undefined) throw new DomainError('internal', 'the account of a key is gone');
      return (await wallets.ofKeys(account, [key.id]))[0] ?? [];
    },
  };
}

const byKey = ({ keyId }: Wallet) => ({ by: 'id', id: keyId }) as const;

function requireOnAccount({ principal }: Caller, permission: Permission): void {
  if (!holdsOnAccount(principal, permission))
    throw new DomainError('forbidden', `the caller lacks the permission ${permission}`);
}

function visibleKeys({ principal }: Caller): Parameters<WalletStore['list']>[0]['among'] {
  const scopes = principal.grants.filter(isAboutKeys).map(({ scope }) => scope);
  if (scopes.some(({ kind }) => kind === 'account')) return 'all';
  return {
    groups: scopes.flatMap((scope) => (scope.kind === 'group' ? [scope.groupId] : [])),
    keys: scopes.flatMap((scope) => (scope.kind === 'key' ? [scope.keyId] : [])),
  };
}

async function reusableKey(keys: Pick<Keys, 'find'>, caller: Caller, id: KeyRecord['id']): Promise<KeyRecord> {
  const key = await keys.find(caller, { by: 'id', id });
  const { principal } = caller;
  if (!holdsOnKey(principal, 'reuse-key', key))
    throw new DomainError('forbidden', 'the caller may not build wallets on this key');
  return key;
}

async function walletOf(
  { now }: WalletDependencies,
  { principal }: Caller,
  request: WalletRequest,
  key: KeyRecord,
): Promise<Wallet> {
  return {
    ...request,
    id: newId<WalletId>(),
    accountId: principal.accountId,
    keyId: key.id,
    address: await addressOf(request, key),
    createdBy: principal.id,
    createdAtMs: now(),
    archivedAtMs: undefined,
  };
}

async function addressOf({ chain: name, network }: WalletRequest, key: KeyRecord): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const chain = await loadChain(name);
  if (chain === undefined) throw new DomainError('not_supported', `wallets of ${name} are not supported`);
  const address = chain.address({ algorithm: key.algorithm, publicKey: key.publicKey }, network);
  if (address === undefined)
    throw new DomainError('invalid_request', `a key of ${key.algorithm} has no address on ${network}`);
  return address;
}

function isSame(wallet: Wallet, key: KeyRecord, request: WalletRequest, choice: KeyChoice): boolean {
  return (
    wallet.network === request.network &&
    wallet.chain === request.chain &&
    wallet.name === request.name &&
    wallet.tags.length === request.tags.length &&
    wallet.tags.every((tag, index) => tag === request.tags[index]) &&
    ('existing' in choice ? choice.existing === key.id : choice.create.algorithm === key.algorithm)
  );
}

function checkRequest({ network, name, tags, externalId }: WalletRequest): void {
  checkText(network, MAX_NETWORK_CHARACTERS, 'a network');
  if (name !== undefined) checkText(name, MAX_NAME_CHARACTERS, 'a name');
  if (externalId !== undefined) checkText(externalId, MAX_EXTERNAL_ID_CHARACTERS, 'an external id');
  if (tags.length > MAX_TAGS) throw new DomainError('invalid_request', `a wallet has at most ${MAX_TAGS} tags`);
  for (const tag of tags) checkText(tag, MAX_TAG_CHARACTERS, 'a tag');
  if (new Set(tags).size !== tags.length) throw new DomainError('invalid_request', 'a tag is given twice');
}

function checkText(text: string, maxCharacters: number, what: string): void {
  if (text.trim() === '' || text.length > maxCharacters || !isOneLine(text))
    throw new DomainError('invalid_request', `${what} is one line of 1 to ${maxCharacters} characters`);
}
