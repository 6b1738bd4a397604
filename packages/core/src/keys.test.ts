import { beforeEach, describe, expect, it } from 'vitest';
import { type KeyCommands, keyCommands, MASTER, P256 } from '../test/key-commands.ts';
import { type GroupId, newId } from './ids.ts';
import type { Keys, NewKey } from './keys.ts';
import type { Caller } from './principal.ts';

let store: KeyCommands['store'];
let sealed: KeyCommands['sealed'];
let keys: Keys;
let administrator: Caller;
let groupId: GroupId;
let callerWith: KeyCommands['callerWith'];
let person: KeyCommands['person'];

beforeEach(async () => {
  ({ store, sealed, keys, administrator, groupId, callerWith, person } = await keyCommands());
});

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

  it('makes any number of stored keys without a name', async () => {
    const made = [1, 2].map(() => keys.generate(administrator, { ...P256, name: undefined }));
    expect((await Promise.all(made)).map(({ name }) => name)).toEqual([undefined, undefined]);
    expect(store.records).toHaveLength(2);
  });

  it('seals into a master key that it may have children', async () => {
    const key = await keys.generate(administrator, MASTER);
    expect(key.operations).toEqual(['sign', 'verify', 'derive-child']);
    expect(sealed.map(({ operations }) => operations)).toEqual([key.operations]);
  });

  it.each<[string, Partial<NewKey>, string]>([
    ['an algorithm without children', { algorithm: 'ecdsa-p256', master: true }, 'not_supported'],
    ['a key that is not stored', { persistence: 'transient', master: true }, 'invalid_request'],
    ['the operation without the word', { master: false, operations: ['sign', 'derive-child'] }, 'invalid_request'],
    ['an algorithm that signs, told to derive', { operations: ['sign', 'derive'] }, 'invalid_request'],
  ])('refuses a master key of %s', async (_what, change, code) => {
    const inSession = { ...administrator, session: { bindingKey: new Uint8Array(32), expiresAtMs: 10 } };
    await expect(keys.generate(inSession, { ...MASTER, ...change })).rejects.toMatchObject({ code });
    expect(sealed).toEqual([]);
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
  const page = { after: undefined, limit: 10 };
  const ids = async (caller: Caller): Promise<readonly string[]> =>
    (await keys.list(caller, page)).map((key) => key.id);

  it('shows what the grants make visible: an account, groups, single keys', async () => {
    const first = await keys.generate(administrator, { ...P256, name: 'first' });
    const second = await keys.generate(administrator, { ...P256, name: 'second' });
    const both = [first.id, second.id].sort();
    expect(await ids(administrator)).toEqual(both);
    expect(await ids(callerWith({ scope: { kind: 'group', groupId }, permissions: ['verify'] }))).toEqual(both);
    const ofKey = callerWith({ scope: { kind: 'key', keyId: second.id }, permissions: ['sign'] });
    expect(await ids(ofKey)).toEqual([second.id]);
    expect(await ids(callerWith())).toEqual([]);
  });

  it('shows no keys for a grant that says nothing of keys', async () => {
    const key = await keys.generate(administrator, P256);
    const reader = callerWith({ scope: { kind: 'account' }, permissions: ['read-policies'] });
    expect(await ids(reader)).toEqual([]);
    await expect(keys.find(reader, { by: 'id', id: key.id })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('agrees with find about delegated keys', async () => {
    const own = await person();
    const colleague = await person({}, { scope: { kind: 'account' }, permissions: ['sign', 'read-key'] });
    const key = await keys.generate(administrator, P256);
    await keys.delegate(administrator, key.id, own.principal.id);
    expect(await ids(own)).toEqual([key.id]);
    expect(await ids(administrator)).toEqual([key.id]);
    expect(await ids(colleague)).toEqual([]);
    await expect(keys.find(own, { by: 'id', id: key.id })).resolves.toMatchObject({ id: key.id });
    await expect(keys.find(colleague, { by: 'id', id: key.id })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('remove', () => {
  it('needs the permission, and hides keys that the caller cannot see', async () => {
    const key = await keys.generate(administrator, P256);
    const signer = callerWith({ scope: { kind: 'key', keyId: key.id }, permissions: ['sign'] });
    await expect(keys.remove(signer, key.id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.remove(callerWith(), key.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await keys.remove(administrator, key.id)).toEqual(key);
    await expect(keys.remove(administrator, key.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leaves the children of a key to themselves', async () => {
    const parent = await keys.generate(administrator, MASTER);
    const child = await keys.deriveChild(administrator, parent.id, undefined, CHILD);
    await keys.remove(administrator, parent.id);
    expect(await keys.find(administrator, { by: 'id', id: child.id })).toEqual(child);
  });
});

describe('rename', () => {
  it('gives a name, takes it away, and counts a version each time', async () => {
    const key = await keys.generate(administrator, P256);
    expect(await keys.rename(administrator, key.id, 'another')).toEqual({ ...key, name: 'another', version: 2 });
    expect(await keys.rename(administrator, key.id, undefined)).toEqual({ ...key, name: undefined, version: 3 });
  });

  it('needs the permission, a proper name, and one that is free', async () => {
    const key = await keys.generate(administrator, P256);
    await keys.generate(administrator, { ...P256, name: 'taken' });
    const signer = callerWith({ scope: { kind: 'account' }, permissions: ['sign'] });
    await expect(keys.rename(signer, key.id, 'x')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.rename(administrator, key.id, 'a\nb')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(keys.rename(administrator, key.id, 'taken')).rejects.toMatchObject({
      code: 'conflict',
      subject: 'unique-name',
    });
  });

  it('does not write over a change that it has not seen', async () => {
    const key = await keys.generate(administrator, P256);
    const change = store.change;
    store.change = async (...args) => {
      store.change = change;
      await keys.rename(administrator, key.id, 'first');
      return change(...args);
    };
    await expect(keys.rename(administrator, key.id, 'second')).rejects.toMatchObject({ code: 'conflict' });
    expect(store.records[0]?.name).toBe('first');
  });
});

describe('delegate', () => {
  it('gives a key to a person once and for all', async () => {
    const [one, other] = [await person(), await person()];
    const key = await keys.generate(administrator, P256);
    const delegated = await keys.delegate(administrator, key.id, one.principal.id);
    expect(delegated).toEqual({ ...key, delegatedTo: one.principal.id, version: 2 });
    for (const caller of [administrator, one])
      await expect(keys.delegate(caller, key.id, other.principal.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('takes enabled people of the account only, and the permission', async () => {
    const key = await keys.generate(administrator, P256);
    const nobodies = [
      await person({ kind: 'service' }),
      await person({ enabled: false }),
      await person({ accountId: newId() }),
      { principal: { id: newId() } } as Caller,
    ];
    for (const { principal } of nobodies)
      await expect(keys.delegate(administrator, key.id, principal.id)).rejects.toMatchObject({
        code: 'not_found',
        subject: 'user',
      });
    const manager = callerWith({ scope: { kind: 'account' }, permissions: ['manage-key'] });
    const { principal } = await person();
    await expect(keys.delegate(manager, key.id, principal.id)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('leaves an administrator nothing but reading and deleting', async () => {
    const { principal } = await person();
    const key = await keys.generate(administrator, { ...MASTER, exportable: true });
    await keys.delegate(administrator, key.id, principal.id);
    const forbidden = { code: 'forbidden' };
    await expect(keys.rename(administrator, key.id, 'x')).rejects.toMatchObject(forbidden);
    await expect(keys.exportEncrypted(administrator, key.id, new Uint8Array(32))).rejects.toMatchObject(forbidden);
    await expect(keys.deriveChild(administrator, key.id, [1], CHILD)).rejects.toMatchObject(forbidden);
    expect((await keys.find(administrator, { by: 'id', id: key.id })).delegatedTo).toBe(principal.id);
    await keys.remove(administrator, key.id);
  });
});

const CHILD = { name: undefined, description: '', dialectAttributes: {} };
