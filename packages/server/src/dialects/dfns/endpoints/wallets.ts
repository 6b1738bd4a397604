/** The thin wallet that chain libraries ask for: a key seen through a network. */
import { DomainError } from '@countersign/core/domain-error';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import type { Wallet } from '@countersign/core/wallets/wallet';
import type { WalletWithKey } from '@countersign/core/wallets/wallets';
import { type Static, Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { DateSchema, dateMember, ExternalIdSchema, IdSchema, NameSchema, wireDate } from '../../wire-values.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { CurveSchema, readKeyWords, SchemeSchema, wordsOfAlgorithm } from '../key-words.ts';
import { DeriveFromSchema, makeKey } from '../make-key.ts';
import { type Network, readNetwork } from '../networks.ts';
import { newKey, VAULT_STORE_ID } from '../new-key.ts';
import { writePublicKey } from '../public-key.ts';
import { createBodyReader } from '../read-body.ts';
import { readSignatureRequest, SignatureRequestSchema } from '../read-signature-request.ts';
import { renderRequest, SignatureRequestResponseSchema } from '../render-request.ts';
import { onlyResult } from './signatures.ts';

const DEFAULT_LIMIT = 100;

const SigningKeySchema = Type.Object(
  {
    id: Type.Optional(IdSchema),
    scheme: Type.Optional(SchemeSchema),
    curve: Type.Optional(CurveSchema),
    storeId: Type.Optional(IdSchema),
    deriveFrom: Type.Optional(DeriveFromSchema),
  },
  { additionalProperties: false },
);

const CreateWalletSchema = Type.Object(
  {
    network: Type.String({ maxLength: 64 }),
    name: Type.Optional(NameSchema),
    signingKey: Type.Optional(SigningKeySchema),
    delegateTo: Type.Optional(IdSchema),
    delayDelegation: Type.Optional(Type.Boolean()),
    externalId: Type.Optional(ExternalIdSchema),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50, uniqueItems: true })),
  },
  { additionalProperties: false },
);
const readWallet = createBodyReader(CreateWalletSchema);

const WalletSchema = Type.Object({
  id: IdSchema,
  network: Type.String(),
  address: Type.Optional(Type.String()),
  signingKey: Type.Object({
    id: IdSchema,
    scheme: SchemeSchema,
    curve: CurveSchema,
    publicKey: Type.String(),
    delegatedTo: Type.Optional(IdSchema),
  }),
  status: Type.Union([Type.Literal('Active'), Type.Literal('Archived')]),
  custodial: Type.Boolean(),
  dateCreated: DateSchema,
  dateDeleted: Type.Optional(DateSchema),
  name: Type.Optional(NameSchema),
  externalId: Type.Optional(Type.String()),
  tags: Type.Array(Type.String()),
});

const createWallet = dfnsEndpoint({
  method: 'POST',
  path: '/wallets',
  permissions: ['create-wallet', 'create-key'],
  request: CreateWalletSchema,
  response: WalletSchema,
  async handle(context) {
    const { services, caller } = context;
    const request = readWallet(context.body);
    const network = readNetwork(request.network);
    const delegateTo =
      request.delegateTo === undefined ? undefined : readMemberId('us', 'delegateTo', request.delegateTo);
    const created = await services.wallets.create(
      caller,
      {
        network: network.name,
        chain: network.chain,
        name: request.name,
        tags: request.tags ?? [],
        externalId: request.externalId,
      },
      await signingKey(context, network, request.signingKey ?? {}),
    );
    if (delegateTo === undefined || created.key.delegatedTo === delegateTo) return renderWallet(created);
    return renderWallet({ ...created, key: await services.keys.delegate(caller, created.key.id, delegateTo) });
  },
});

async function signingKey(
  { services, caller }: AuthenticatedContext,
  network: Network,
  wish: Static<typeof SigningKeySchema>,
): Promise<Parameters<AuthenticatedContext['services']['wallets']['create']>[2]> {
  if (wish.id !== undefined) {
    if (Object.keys(wish).length > 1)
      throw new DomainError('invalid_request', 'signingKey.id names a key that exists; leave the others out');
    return { existing: readMemberId('key', 'signingKey.id', wish.id) };
  }
  const usual = wordsOfAlgorithm(network.algorithm);
  if (usual === undefined) throw new DomainError('internal', 'a network without words for its keys');
  const words = readKeyWords(wish.scheme ?? usual.scheme, wish.curve ?? usual.curve);
  if (wish.deriveFrom === undefined) {
    if (wish.storeId !== undefined && wish.storeId !== VAULT_STORE_ID)
      throw new DomainError('invalid_request', `signingKey.storeId must be ${VAULT_STORE_ID}`);
    return { create: newKey(words, undefined, false) };
  }
  const { deriveFrom, storeId } = wish;
  const key = await makeKey(services, caller, { words, name: undefined, masterKey: false, storeId, deriveFrom });
  return { existing: key.id };
}

const getWallet = dfnsEndpoint({
  method: 'GET',
  path: '/wallets/:walletId',
  permissions: ['read-wallets', 'read-key'],
  request: undefined,
  response: WalletSchema,
  async handle({ services, caller, params }) {
    return renderWallet(await services.wallets.get(caller, readPathId('wa', params['walletId'])));
  },
});

const listWallets = dfnsEndpoint({
  method: 'GET',
  path: '/wallets',
  permissions: ['read-wallets'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({ items: Type.Array(WalletSchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('wa', text),
    );
    return renderPage(await services.wallets.list(caller, page), renderWallet, ({ wallet }) =>
      writeId('wa', wallet.id),
    );
  },
});

/** Clients of wallets take both for given. */
const WalletSignatureSchema = Type.Intersect([
  SignatureRequestResponseSchema,
  Type.Object({ walletId: IdSchema, network: Type.String() }),
]);

/** The network is the wallet's, whether the request named it or not. */
const renderOf =
  ({ network }: Wallet) =>
  (request: SignatureRequest): Readonly<Record<string, unknown>> => ({ network, ...renderRequest(request) });

const createSignature = dfnsEndpoint({
  method: 'POST',
  path: '/wallets/:walletId/signatures',
  permissions: ['sign', 'read-wallets'],
  request: SignatureRequestSchema,
  response: WalletSignatureSchema,
  async handle({ services, caller, params, body, raw }) {
    const { wallet, key } = await services.wallets.get(caller, readPathId('wa', params['walletId']));
    const item = readSignatureRequest(body, raw, key, wallet);
    return renderOf(wallet)(onlyResult(await services.requests.create(caller, [{ ok: true, item }])));
  },
});

const getSignature = dfnsEndpoint({
  method: 'GET',
  path: '/wallets/:walletId/signatures/:signatureId',
  permissions: ['read-wallets', 'read-requests'],
  request: undefined,
  response: WalletSignatureSchema,
  async handle({ services, caller, params }) {
    const { wallet } = await services.wallets.get(caller, readPathId('wa', params['walletId']));
    const request = await services.requests.get(caller, readPathId('sig', params['signatureId']));
    if (request.walletId !== wallet.id) throw new DomainError('not_found', 'no such request', { subject: 'request' });
    return renderOf(wallet)(request);
  },
});

const listSignatures = dfnsEndpoint({
  method: 'GET',
  path: '/wallets/:walletId/signatures',
  permissions: ['read-wallets', 'read-key'],
  request: undefined,
  query: pageParameters(),
  response: Type.Object({
    items: Type.Array(WalletSignatureSchema),
    nextPageToken: Type.Optional(Type.String()),
  }),
  async handle({ services, caller, params, query }) {
    const { wallet } = await services.wallets.get(caller, readPathId('wa', params['walletId']));
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('sig', text),
    );
    const found = await services.requests.list(caller, { ...page, walletId: wallet.id });
    return renderPage(found, renderOf(wallet), ({ id }) => writeId('sig', id));
  },
});

export const WALLET_ENDPOINTS: readonly Endpoint[] = [
  createWallet,
  getWallet,
  listWallets,
  createSignature,
  getSignature,
  listSignatures,
];

function renderWallet({ wallet, key }: WalletWithKey): Readonly<Record<string, unknown>> {
  const words = wordsOfAlgorithm(key.algorithm);
  if (words === undefined) throw new DomainError('not_found', 'no such wallet', { subject: 'wallet' });
  return {
    id: writeId('wa', wallet.id),
    network: wallet.network,
    ...(wallet.address !== undefined && { address: wallet.address }),
    signingKey: {
      id: writeId('key', key.id),
      scheme: words.scheme,
      curve: words.curve,
      publicKey: writePublicKey(key.publicKey),
      ...(key.delegatedTo !== undefined && { delegatedTo: writeId('us', key.delegatedTo) }),
    },
    status: wallet.archivedAtMs === undefined ? 'Active' : 'Archived',
    custodial: key.delegatedTo === undefined,
    dateCreated: wireDate(wallet.createdAtMs),
    ...dateMember('dateDeleted', wallet.archivedAtMs),
    ...(wallet.name !== undefined && { name: wallet.name }),
    ...(wallet.externalId !== undefined && { externalId: wallet.externalId }),
    tags: wallet.tags,
  };
}
