import { type Api, dataOf } from './api.ts';
import { CountersignError } from './countersign-error.ts';
import type { components } from './generated/api.ts';
import { everyItem } from './pages.ts';

export type Key = components['schemas']['Key'];
export type NewKey = components['schemas']['NewKey'];

export interface Keys {
  create(key: NewKey): Promise<Key>;
  get(keyId: string): Promise<Key>;
  /** By its id (`key-...`) or its name. Without a call for a name, it looks through all keys that the caller sees. */
  find(idOrName: string): Promise<Key>;
  /** In order of id. */
  list(): AsyncGenerator<Key, void, undefined>;
  /** `undefined`: the key has no name from then on. */
  rename(keyId: string, name: string | undefined): Promise<Key>;
  /** For good. */
  delete(keyId: string): Promise<Key>;
}

const KEY_ID = /^key-[0-9a-v]{5}-[0-9a-v]{5}-[0-9a-v]{16}$/;

/** Whether a text is the id of a key, and not a name. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

export function createKeys(api: Api): Keys {
  const keys: Keys = {
    create: (body) => dataOf(api.POST('/api/v1/keys', { body })),
    get: (keyId) => dataOf(api.GET('/api/v1/keys/{keyId}', { params: { path: { keyId } } })),
    async find(idOrName) {
      if (isKeyId(idOrName)) return keys.get(idOrName);
      for await (const key of keys.list()) if (key.name === idOrName) return key;
      throw new CountersignError('not_found', `there is no key with the name ${JSON.stringify(idOrName)}`, {
        subject: 'key',
      });
    },
    list: () =>
      everyItem((after) =>
        dataOf(api.GET('/api/v1/keys', { params: { query: after === undefined ? {} : { after } } })),
      ),
    rename: (keyId, name) =>
      dataOf(api.PATCH('/api/v1/keys/{keyId}', { params: { path: { keyId } }, body: { name: name ?? null } })),
    delete: (keyId) => dataOf(api.DELETE('/api/v1/keys/{keyId}', { params: { path: { keyId } } })),
  };
  return keys;
}
