/** Wallets: keys seen through a chain, with tags that policies can name. */
import { DomainError } from '@countersign/core/domain-error';
import type { WalletWithKey } from '@countersign/core/wallets/wallets';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { DateSchema, dateMember, ExternalIdSchema, IdSchema, NameSchema, wireDate } from '../../wire-values.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { NewKeySchema, readNewKey } from '../new-key.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { KeySchema, renderKey } from '../render-key.ts';

const TagsSchema = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50 });

const WalletSchema = Type.Object(
  {
    id: IdSchema,
    /** As it was given, or as another of our APIs names it. */
    network: Type.String(),
    chain: Type.Optional(Type.String()),
    address: Type.Optional(Type.String()),
    name: Type.Optional(NameSchema),
    tags: TagsSchema,
    externalId: Type.Optional(Type.String()),
    key: KeySchema,
    createdBy: IdSchema,
    createdAt: DateSchema,
    archivedAt: Type.Optional(DateSchema),
  },
  { title: 'Wallet' },
);

const NewWalletSchema = Type.Object(
  {
    /** A name of your choice, such as `Ethereum`. */
    network: Type.String({ minLength: 1, maxLength: 64 }),
    /** `evm`; without it the wallet has no address. */
    chain: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    name: Type.Optional(NameSchema),
    tags: Type.Optional(TagsSchema),
    externalId: Type.Optional(ExternalIdSchema),
    /** One of the two: a key that exists, or one to be made. */
    keyId: Type.Optional(IdSchema),
    key: Type.Optional(NewKeySchema),
  },
  { additionalProperties: false, title: 'NewWallet' },
);

const createWallet = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/wallets',
  operation: 'createWallet',
  summary: 'A wallet on a key that exists, or on a new one.',
  permissions: ['create-wallet', 'create-key'],
  request: NewWalletSchema,
  status: 201,
  response: WalletSchema,
  async handle({ services, caller }, { network, chain, name, tags = [], externalId, keyId, key }) {
    const wallet = { network, chain, name, tags, externalId };
    if (keyId !== undefined && key === undefined) {
      const existing = readMemberId('key', 'keyId', keyId);
      return renderWallet(await services.wallets.create(caller, wallet, { existing }));
    }
    if (keyId !== undefined || key === undefined)
      throw new DomainError('invalid_request', 'a wallet has a keyId or a key to be made, and only one of them');
    return renderWallet(await services.wallets.create(caller, wallet, { create: readNewKey(key) }));
  },
});

const getWallet = plainEndpoint({
  method: 'GET',
  path: '/api/v1/wallets/:walletId',
  operation: 'getWallet',
  summary: 'A wallet with its key.',
  permissions: ['read-wallets', 'read-key'],
  response: WalletSchema,
  handle: async ({ services, caller, params }) =>
    renderWallet(await services.wallets.get(caller, readPathId('wa', params['walletId']))),
});

const listWallets = plainEndpoint({
  method: 'GET',
  path: '/api/v1/wallets',
  operation: 'listWallets',
  summary: 'Wallets whose key the caller sees, in order of id.',
  permissions: ['read-wallets'],
  query: pageParameters(),
  response: pageSchema(WalletSchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'wa');
    const found = await services.wallets.list(caller, page);
    return writePage(found, renderWallet, ({ wallet }) => writeId('wa', wallet.id));
  },
});

export const WALLET_ENDPOINTS: readonly Endpoint[] = [createWallet, listWallets, getWallet];

function renderWallet({ wallet, key }: WalletWithKey): Readonly<Record<string, unknown>> {
  return {
    id: writeId('wa', wallet.id),
    network: wallet.network,
    ...(wallet.chain !== undefined && { chain: wallet.chain }),
    ...(wallet.address !== undefined && { address: wallet.address }),
    ...(wallet.name !== undefined && { name: wallet.name }),
    tags: wallet.tags,
    ...(wallet.externalId !== undefined && { externalId: wallet.externalId }),
    key: renderKey(key),
    createdBy: writeId('us', wallet.createdBy),
    createdAt: wireDate(wallet.createdAtMs),
    ...dateMember('archivedAt', wallet.archivedAtMs),
  };
}
