/** Keys: create, list, get, rename, delete, delegate; import and export name the calls that do it. */
import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import { Type } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { refuseBody } from '../../refuse-body.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { IdSchema, NameSchema } from '../../wire-values.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { CurveSchema, readKeyWords, SchemeSchema } from '../key-words.ts';
import { DeriveFromSchema, makeKey } from '../make-key.ts';
import { VAULT_STORE_ID } from '../new-key.ts';
import { createBodyReader } from '../read-body.ts';
import { isShown, KeySchema, renderKey } from '../render-key.ts';

const DEFAULT_LIMIT = 100;
/** At a time, however small the page: most keys may be none that it shows. */
const MIN_KEYS_READ = 1_000;

const CreateKeySchema = Type.Object(
  {
    scheme: SchemeSchema,
    curve: CurveSchema,
    name: Type.Optional(NameSchema),
    masterKey: Type.Optional(Type.Boolean()),
    deriveFrom: Type.Optional(DeriveFromSchema),
    storeId: Type.Optional(IdSchema),
    delegateTo: Type.Optional(IdSchema),
    delayDelegation: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const readNewKey = createBodyReader(CreateKeySchema);

const createKey = dfnsEndpoint({
  method: 'POST',
  path: '/keys',
  permissions: ['create-key'],
  request: CreateKeySchema,
  response: KeySchema,
  async handle({ services, caller, body }) {
    const request = readNewKey(body);
    const delegateTo =
      request.delegateTo === undefined ? undefined : readMemberId('us', 'delegateTo', request.delegateTo);
    if (delegateTo !== undefined && request.delayDelegation === true)
      throw new DomainError('invalid_request', 'delegateTo and delayDelegation contradict each other');
    const key = await makeKey(services, caller, {
      words: readKeyWords(request.scheme, request.curve),
      name: request.name,
      masterKey: request.masterKey ?? false,
      storeId: request.storeId,
      deriveFrom: request.deriveFrom,
    });
    return renderKey(delegateTo === undefined ? key : await services.keys.delegate(caller, key.id, delegateTo));
  },
});

const listKeys = dfnsEndpoint({
  method: 'GET',
  path: '/keys',
  permissions: [],
  request: undefined,
  query: pageParameters('owner'),
  response: Type.Object({ items: Type.Array(KeySchema), nextPageToken: Type.Optional(Type.String()) }),
  async handle({ services, caller, query }) {
    const parameters = readQuery(query, ['owner', 'limit', 'paginationToken']);
    const owner = parameters.owner === undefined ? undefined : readMemberId('us', 'owner', parameters.owner);
    const page = readPageQuery(parameters, DEFAULT_LIMIT, (text) => parsePrefixedId('key', text));
    const items: KeyRecord[] = [];
    let { after } = page;
    // Keys that this API has no words for are passed over; a page is full all the same, as far as there are keys.
    const chunk = Math.max(page.limit + 1, MIN_KEYS_READ);
    for (;;) {
      const read = await services.keys.list(caller, { after, limit: chunk });
      items.push(...read.filter((key) => isShown(key) && (owner === undefined || key.delegatedTo === owner)));
      after = read.at(-1)?.id;
      if (items.length > page.limit || read.length < chunk) break;
      // Of a million keys that somebody else owns: others have their turn in between.
      await new Promise(setImmediate);
    }
    return renderPage(
      { items: items.slice(0, page.limit), more: items.length > page.limit },
      (key) => renderKey(key),
      (key) => writeId('key', key.id),
    );
  },
});

const StoreSchema = Type.Object({ id: IdSchema, kind: Type.String(), keyId: Type.String() });
const KeyDetailsSchema = Type.Intersect([
  KeySchema,
  Type.Object({ wallets: Type.Array(Type.Object({ id: IdSchema, network: Type.String() })), store: StoreSchema }),
]);

const getKey = dfnsEndpoint({
  method: 'GET',
  path: '/keys/:keyId',
  permissions: [],
  request: undefined,
  response: KeyDetailsSchema,
  async handle({ services, caller, params }) {
    const key = await services.keys.find(caller, { by: 'id', id: readPathId('key', params['keyId']) });
    const wallets = await services.wallets.ofKey(caller, key.id);
    return {
      ...renderKey(key),
      wallets: wallets.map((wallet) => ({ id: writeId('wa', wallet.id), network: wallet.network })),
      // Of the three kinds of the wire the nearest: keys that one machine holds, sealed.
      store: { id: VAULT_STORE_ID, kind: 'Hsm', keyId: writeId('key', key.id) },
    };
  },
});

const RenameSchema = Type.Object({ name: Type.Union([NameSchema, Type.Null()]) }, { additionalProperties: false });
const readRename = createBodyReader(RenameSchema);

const updateKey = dfnsEndpoint({
  method: 'PUT',
  path: '/keys/:keyId',
  permissions: ['manage-key'],
  request: RenameSchema,
  response: KeySchema,
  async handle({ services, caller, params, body }) {
    const { name } = readRename(body);
    const id = await shownKeyId({ services, caller, params });
    return renderKey(await services.keys.rename(caller, id, name ?? undefined));
  },
});

const deleteKey = dfnsEndpoint({
  method: 'DELETE',
  path: '/keys/:keyId',
  permissions: ['delete-key'],
  request: undefined,
  response: KeySchema,
  async handle({ services, caller, params, body }) {
    refuseBody(body);
    const id = await shownKeyId({ services, caller, params });
    return renderKey(await services.keys.remove(caller, id), Date.now());
  },
});

const DelegateSchema = Type.Object({ delegateTo: IdSchema }, { additionalProperties: false });
const readDelegation = createBodyReader(DelegateSchema);

const delegateKey = dfnsEndpoint({
  method: 'POST',
  path: '/keys/:keyId/delegate',
  permissions: ['delegate-key'],
  request: DelegateSchema,
  response: Type.Object({ keyId: IdSchema, status: Type.Literal('Delegated') }),
  async handle({ services, caller, params, body }) {
    const to = readMemberId('us', 'delegateTo', readDelegation(body).delegateTo);
    const id = await shownKeyId({ services, caller, params });
    const key = await services.keys.delegate(caller, id, to);
    return { keyId: writeId('key', key.id), status: 'Delegated' };
  },
});

const TRANSFER =
  'the key share format of this call is not public; keys move encrypted by HPKE instead, with our own calls:';

/** Import and export are here so that clients learn what to call. */
const refusedTransfers: readonly Endpoint[] = [
  ['/keys/import', `${TRANSFER} POST /api/v1/keys/import`] as const,
  ['/keys/:keyId/export', `${TRANSFER} POST /api/v1/keys/{id}/export`] as const,
].map(([path, text]) =>
  dfnsEndpoint({
    method: 'POST',
    path,
    permissions: [],
    request: Type.Unknown(),
    response: Type.Never(),
    handle: () => Promise.reject(new DomainError('not_supported', text)),
  }),
);

const listKeyStores = dfnsEndpoint({
  method: 'GET',
  path: '/key-stores',
  permissions: [],
  request: undefined,
  response: Type.Object({
    items: Type.Array(Type.Object({ id: IdSchema, kind: Type.String(), name: Type.String(), primary: Type.Boolean() })),
  }),
  handle: () => Promise.resolve({ items: [{ id: VAULT_STORE_ID, kind: 'Hsm', name: 'Sealed vault', primary: true }] }),
});

const listSigners = dfnsEndpoint({
  method: 'GET',
  path: '/signers',
  permissions: [],
  request: undefined,
  response: Type.Object({ clusters: Type.Array(Type.Unknown()) }),
  handle: () => Promise.resolve({ clusters: [] }),
});

export const KEY_ENDPOINTS: readonly Endpoint[] = [
  createKey,
  listKeys,
  getKey,
  updateKey,
  deleteKey,
  delegateKey,
  ...refusedTransfers,
  listKeyStores,
  listSigners,
];

/** A key of another custody is changed by the API that shows it. @throws DomainError `not_found` */
async function shownKeyId({
  services,
  caller,
  params,
}: Pick<AuthenticatedContext, 'services' | 'caller' | 'params'>): Promise<KeyRecord['id']> {
  const key = await services.keys.find(caller, { by: 'id', id: readPathId('key', params['keyId']) });
  if (!isShown(key)) throw new DomainError('not_found', 'no such key', { subject: 'key' });
  return key.id;
}
