import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryDirectory } from '../test/in-memory-directory.ts';
import { type GroupId, newId } from './ids.ts';
import { installOnce } from './install.ts';
import type { KeyRecord } from './key-record.ts';
import { createKeys, type Keys, type NewKey } from './keys.ts';
import type { Custody } from './ports/custody.ts';
import type { KeyStore } from './ports/directory.ts';
import type { Caller, Grant } from './principal.ts';
import { createSessions } from './sessions.ts';

/** Keys in a list, and a custody whose keys are three bytes long: what is tested here are the commands. */
function inMemoryKeys(): KeyStore & { readonly records: KeyRecord[] } {
  const records: KeyRecord[] = [];
  return {
    records,
    resolve: async (_account, references) =>
      references.map((reference) =>
        records.find((key) => (reference.by === 'id' ? key.id === reference.id : key.name === nameOf(reference))),
      ),
    insert: async (key) => void records.push(key),
    remove: async (_account, id) => {
      const at = records.findIndex((key) => key.id === id);
      return at >= 0 && records.splice(at, 1).length === 1;
    },
    list: async ({ among }) =>
      records.filter((key) => among === 'all' || among.groups.includes(key.groupId) || among.keys.includes(key.id)),
    touch: () => undefined,
  };
}

function nameOf(reference: { readonly by: string; readonly name?: string }): string | undefined {
  return reference.by === 'name' ? reference.name : undefined;
}

const custody: Custody = {
  name: 'vault',
  sign: () => Promise.reject(new Error('not part of these tests')),
  generate: async (_terms, parameters) => ({
    sealed: Uint8Array.of(1, 2, 3),
    publicKey: new Uint8Array(65),
    parameters,
  }),
  importKey: async () => ({ sealed: Uint8Array.of(4, 5, 6), publicKey: new Uint8Array(65), parameters: {} }),
};

const P256: NewKey = {
  name: 'a key',
  description: '',
  groupId: undefined,
  algorithm: 'ecdsa-p256',
  parameters: {},
  custody: 'vault',
  persistence: 'stored',
  operations: ['sign', 'verify'],
  exportable: false,
  enabled: true,
  state: 'active',
  deterministicSignatures: undefined,
  allowSignDigest: true,
  verifyAfterSign: false,
  dialectAttributes: {},
};

let store: ReturnType<typeof inMemoryKeys>;
let keys: Keys;
let administrator: Caller;
let groupId: GroupId;

beforeEach(async () => {
  const directory = inMemoryDirectory();
  const installation = await installOnce(directory, undefined, 0);
  store = inMemoryKeys();
  keys = createKeys({
    keys: store,
    directory,
    custodies: new Map([['vault', custody]]),
    now: () => 7,
    allowInlineSign: false,
  });
  const sessions = createSessions({ directory, now: () => 7, sessionSeconds: 60 });
  administrator = await sessions.authenticateApiKey(installation?.apiKeyText ?? '', 'test');
  groupId = installation?.groupId ?? newId<GroupId>();
});

function callerWith(...grants: readonly Grant[]): Caller {
  return { ...administrator, principal: { ...administrator.principal, grants } };
}

describe('generate', () => {
  it.each([
    ['4,096 letters', 'x'.repeat(4096)],
    ['4,096 characters outside the basic plane', '\u{1f511}'.repeat(4096)],
    ['letters with marks, and an emoji of several characters', 'cle\u0301 \u{1f469}\u200d\u{1f4bb}'],
  ])('takes a name of %s', async (_what, name) => {
    expect((await keys.generate(administrator, { ...P256, name })).name).toBe(name);
  });

  it.each([
    ['nothing', ''],
    ['spaces', '   '],
    ['what looks like nothing', '\u200b\u2060\u3164'],
    ['4,097 letters', 'x'.repeat(4097)],
    ['4,097 characters outside the basic plane', '\u{1f511}'.repeat(4097)],
    ['a line end', 'a\nb'],
    ['a NUL', 'a\0b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a turn of direction', 'invoice\u202ecod.exe'],
    ['an isolated turn of direction', 'a\u2066b'],
  ])('refuses a name of %s', async (_what, name) => {
    await expect(keys.generate(administrator, { ...P256, name })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(store.records).toEqual([]);
  });

  it('refuses a description with a NUL, or of more than 4,096 characters', async () => {
    for (const description of ['a\0b', 'x'.repeat(4097)])
      await expect(keys.generate(administrator, { ...P256, description })).rejects.toMatchObject({
        code: 'invalid_request',
      });
  });

  it('refuses a name that is taken, before a key is made for it', async () => {
    await keys.generate(administrator, P256);
    await expect(keys.generate(administrator, P256)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('hides groups that the caller cannot see, and names the missing permission for those it can', async () => {
    const viewer = callerWith({ scope: { kind: 'group', groupId }, permissions: ['sign'] });
    await expect(keys.generate(viewer, P256)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.generate(callerWith(), P256)).rejects.toMatchObject({ code: 'not_found' });
    const elsewhere = { ...P256, groupId: newId<GroupId>() };
    await expect(keys.generate(administrator, elsewhere)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('makes transient keys in sessions only, and stores none of them', async () => {
    const transient = { ...P256, persistence: 'transient' } as const;
    await expect(keys.generate(administrator, transient)).rejects.toMatchObject({ code: 'forbidden' });
    const inSession = { ...administrator, session: { bindingKey: new Uint8Array(32), expiresAtMs: 10 } };
    const key = await keys.generate(inSession, transient);
    expect(store.records).toEqual([]);
    expect(keys.openTransient(inSession, keys.sealTransient(inSession, key))).toEqual(key);
  });
});

describe('openInline', () => {
  it('is off unless the server allows it', async () => {
    const inline = { algorithm: 'ecdsa-p256', custody: 'vault' };
    await expect(keys.openInline(administrator, inline, new Uint8Array(1))).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

describe('list', () => {
  it('shows what the grants make visible: an account, groups, single keys', async () => {
    const first = await keys.generate(administrator, { ...P256, name: 'first' });
    const second = await keys.generate(administrator, { ...P256, name: 'second' });
    const page = { after: undefined, limit: 10 };
    expect(await keys.list(administrator, page)).toEqual([first, second]);
    const ofGroup = callerWith({ scope: { kind: 'group', groupId }, permissions: ['verify'] });
    expect(await keys.list(ofGroup, page)).toEqual([first, second]);
    const ofKey = callerWith({ scope: { kind: 'key', keyId: second.id }, permissions: ['sign'] });
    expect(await keys.list(ofKey, page)).toEqual([second]);
    expect(await keys.list(callerWith(), page)).toEqual([]);
  });
});

describe('remove', () => {
  it('needs the permission, and hides keys that the caller cannot see', async () => {
    const key = await keys.generate(administrator, P256);
    const signer = callerWith({ scope: { kind: 'key', keyId: key.id }, permissions: ['sign'] });
    await expect(keys.remove(signer, key.id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.remove(callerWith(), key.id)).rejects.toMatchObject({ code: 'not_found' });
    await keys.remove(administrator, key.id);
    await expect(keys.remove(administrator, key.id)).rejects.toMatchObject({ code: 'not_found' });
  });
});
