import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { DateSchema, IdSchema } from '../../wire-values.ts';
import { readDerivationPath } from '../../written-path.ts';
import { Base64Schema, readBase64, writeBase64 } from '../base64.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { KeyNameSchema, NEW_KEY_MEMBERS, NewKeySchema, readNewKey } from '../new-key.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { KeySchema, renderKey } from '../render-key.ts';
import { UuidSchema } from '../uuid.ts';

const KEY = '/api/v1/keys/:keyId';

const createKey = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/keys',
  operation: 'createKey',
  summary: 'Makes a key.',
  permissions: ['create-key'],
  request: NewKeySchema,
  status: 201,
  response: KeySchema,
  handle: async ({ services, caller }, body) => renderKey(await services.keys.generate(caller, readNewKey(body))),
});

const listKeys = plainEndpoint({
  method: 'GET',
  path: '/api/v1/keys',
  operation: 'listKeys',
  summary: 'Keys that the caller sees, in order of id.',
  permissions: [],
  query: pageParameters(),
  response: pageSchema(KeySchema),
  async handle({ services, caller, query }) {
    const { page } = readPage(query, 'key');
    const keys = await services.keys.list(caller, { after: page.after, limit: page.limit + 1 });
    return writePage({ items: keys.slice(0, page.limit), more: keys.length > page.limit }, renderKey, ({ id }) =>
      writeId('key', id),
    );
  },
});

const getKey = plainEndpoint({
  method: 'GET',
  path: KEY,
  operation: 'getKey',
  summary: 'A key.',
  permissions: [],
  response: KeySchema,
  handle: async ({ services, caller, params }) =>
    renderKey(await services.keys.find(caller, { by: 'id', id: readPathId('key', params['keyId']) })),
});

const RenameSchema = Type.Object({ name: Type.Union([KeyNameSchema, Type.Null()]) }, { additionalProperties: false });

const renameKey = bodyEndpoint({
  method: 'PATCH',
  path: KEY,
  operation: 'renameKey',
  summary: 'Gives a key another name, or none.',
  permissions: ['manage-key'],
  request: RenameSchema,
  response: KeySchema,
  handle: async ({ services, caller, params }, { name }) =>
    renderKey(await services.keys.rename(caller, readPathId('key', params['keyId']), name ?? undefined)),
});

const deleteKey = plainEndpoint({
  method: 'DELETE',
  path: KEY,
  operation: 'deleteKey',
  summary: 'Deletes a key for good.',
  permissions: ['delete-key'],
  response: KeySchema,
  handle: async ({ services, caller, params }) =>
    renderKey(await services.keys.remove(caller, readPathId('key', params['keyId']))),
});

const DelegateSchema = Type.Object({ userId: IdSchema }, { additionalProperties: false });

const delegateKey = bodyEndpoint({
  method: 'POST',
  path: `${KEY}/delegate`,
  operation: 'delegateKey',
  summary: 'Hands a key to a person, for good.',
  permissions: ['delegate-key'],
  request: DelegateSchema,
  response: KeySchema,
  async handle({ services, caller, params }, { userId }) {
    const to = readMemberId('us', 'userId', userId);
    return renderKey(await services.keys.delegate(caller, readPathId('key', params['keyId']), to));
  },
});

const ChildSchema = Type.Object(
  {
    path: Type.Optional(Type.String({ maxLength: 256 })),
    name: Type.Optional(KeyNameSchema),
    description: Type.Optional(Type.String({ maxLength: 4096 })),
  },
  { additionalProperties: false },
);

const deriveChild = bodyEndpoint({
  method: 'POST',
  path: `${KEY}/children`,
  operation: 'deriveChildKey',
  summary: 'Makes a child of a master key.',
  permissions: ['derive-child-key', 'create-key'],
  request: ChildSchema,
  status: 201,
  response: KeySchema,
  async handle({ services, caller, params }, { path, name, description = '' }) {
    const indices = path === undefined ? undefined : readDerivationPath(path);
    const parent = readPathId('key', params['keyId']);
    return renderKey(
      await services.keys.deriveChild(caller, parent, indices, { name, description, dialectAttributes: {} }),
    );
  },
});

const HpkeSchema = Type.Object({ enc: Base64Schema, ciphertext: Base64Schema });

const importKeyKey = plainEndpoint({
  method: 'GET',
  path: '/api/v1/keys/import-key',
  operation: 'getImportKey',
  summary: 'The HPKE public key that imported keys are encrypted to.',
  permissions: [],
  response: Type.Object(
    { publicKey: Base64Schema, kem: Type.String(), kdf: Type.String(), aead: Type.String() },
    { title: 'ImportKey' },
  ),
  handle: async ({ services }) => ({
    publicKey: writeBase64(await services.keys.importPublicKey()),
    kem: 'DHKEM(X25519, HKDF-SHA256)',
    kdf: 'HKDF-SHA256',
    aead: 'AES-256-GCM',
  }),
});

const ImportSchema = Type.Object(
  { ...NEW_KEY_MEMBERS, ...HpkeSchema.properties },
  { additionalProperties: false, title: 'ImportedKey' },
);

const importKey = bodyEndpoint({
  method: 'POST',
  path: '/api/v1/keys/import',
  operation: 'importKey',
  summary: 'Imports a private key that was encrypted to the signer.',
  permissions: ['import-key'],
  request: ImportSchema,
  status: 201,
  response: KeySchema,
  async handle({ services, caller }, { enc, ciphertext, ...request }) {
    const message = { enc: readBase64('enc', enc), ciphertext: readBase64('ciphertext', ciphertext) };
    return renderKey(await services.keys.importEncrypted(caller, readNewKey(request), message));
  },
});

const ExportSchema = Type.Object({ recipientPublicKey: Base64Schema }, { additionalProperties: false });

const exportKey = bodyEndpoint({
  method: 'POST',
  path: `${KEY}/export`,
  operation: 'exportKey',
  summary: 'Exports an exportable key, encrypted to the recipient.',
  permissions: ['export-key'],
  request: ExportSchema,
  response: Type.Object(
    {
      keyId: IdSchema,
      ...HpkeSchema.properties,
      /** Both in the associated data, see docs/native-api.md. */
      accountId: UuidSchema,
      keyUuid: UuidSchema,
      exportedAt: DateSchema,
    },
    { title: 'ExportedKey' },
  ),
  async handle({ services, caller, params }, { recipientPublicKey }) {
    const id = readPathId('key', params['keyId']);
    const recipient = readBase64('recipientPublicKey', recipientPublicKey);
    const { enc, ciphertext } = await services.keys.exportEncrypted(caller, id, recipient);
    return {
      keyId: writeId('key', id),
      enc: writeBase64(enc),
      ciphertext: writeBase64(ciphertext),
      accountId: caller.principal.accountId,
      keyUuid: id,
      exportedAt: new Date().toISOString(),
    };
  },
});

export const KEY_ENDPOINTS: readonly Endpoint[] = [
  createKey,
  listKeys,
  importKeyKey,
  importKey,
  getKey,
  renameKey,
  deleteKey,
  delegateKey,
  deriveChild,
  exportKey,
];
