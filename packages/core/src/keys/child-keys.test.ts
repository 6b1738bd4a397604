import { beforeEach, describe, expect, it } from 'vitest';
import { type KeyCommands, keyCommands, MASTER, P256 } from '../../test/key-commands.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Permission } from '../principal.ts';

const CHILD = { name: undefined, description: '', dialectAttributes: {} };
const TAKEN = { code: 'conflict', subject: 'derivation-path', message: 'duplicate derivation path' };

let commands: KeyCommands;
let parent: KeyRecord;

beforeEach(async () => {
  commands = await keyCommands();
  parent = await commands.keys.generate(commands.administrator, {
    ...MASTER,
    exportable: true,
    operations: ['sign', 'verify', 'export'],
    verifyAfterSign: true,
  });
});

function derive(path: readonly number[] | undefined, name?: string): Promise<KeyRecord> {
  return commands.keys.deriveChild(commands.administrator, parent.id, path, { ...CHILD, name });
}

describe('deriveChild', () => {
  it('makes a stored key of the same kind, which is no master and never leaves', async () => {
    const child = await derive([44, 60, 0x7fff_ffff], 'a child');
    expect(child).toEqual({
      ...parent,
      id: child.id,
      name: 'a child',
      publicKey: child.publicKey,
      operations: ['sign', 'verify'],
      exportable: false,
      derivedFrom: { keyId: parent.id, path: [44, 60, 0x7fff_ffff] },
    });
    expect(child.id).not.toBe(parent.id);
    expect(commands.store.records).toEqual([parent, child]);
    expect(commands.sealed.at(-1)).toEqual({
      keyId: child.id,
      accountId: parent.accountId,
      algorithm: 'ecdsa-secp256k1',
      operations: ['sign', 'verify'],
      exportable: false,
    });
    await expect(commands.keys.deriveChild(commands.administrator, child.id, [1], CHILD)).rejects.toMatchObject({
      code: 'key_not_usable',
    });
  });

  it('takes the next free index where no path is given, above those that were named', async () => {
    const paths: unknown[] = [];
    for (const path of [undefined, undefined, [7], [9, 5], undefined])
      paths.push((await derive(path)).derivedFrom?.path);
    expect(paths).toEqual([[0], [1], [7], [9, 5], [8]]);
  });

  it('gives many that ask at once an index each', async () => {
    const children = await Promise.all(Array.from({ length: 64 }, () => derive(undefined)));
    expect(children.map(({ derivedFrom }) => derivedFrom?.path[0]).sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(
      Array.from({ length: 64 }, (_, index) => index),
    );
  });

  it('tries the next index where another server was quicker', async () => {
    const highest = commands.store.highestChildIndex;
    await derive([0]);
    commands.store.highestChildIndex = async () => {
      commands.store.highestChildIndex = highest;
      return undefined;
    };
    expect((await derive(undefined)).derivedFrom?.path).toEqual([1]);
  });

  it('refuses a path that is taken, and one after the last', async () => {
    await derive([3, 0x7fff_ffff]);
    await expect(derive([3, 0x7fff_ffff])).rejects.toMatchObject(TAKEN);
    await derive([0x7fff_ffff]);
    await expect(derive(undefined)).rejects.toMatchObject({ code: 'conflict', subject: 'derivation-path' });
  });

  it.each([[[]], [[2 ** 31]], [[-1]], [[0.5]], [[Number.NaN]], [Array.from({ length: 17 }, () => 1)]])(
    'refuses the path %j',
    async (path) => {
      await expect(derive(path)).rejects.toMatchObject({ code: 'invalid_request', subject: 'derivation-path' });
      expect(commands.store.records).toEqual([parent]);
    },
  );

  it('refuses names that are taken or blank, before a key is made', async () => {
    await expect(derive([1], parent.name)).rejects.toMatchObject({ code: 'conflict', subject: 'unique-name' });
    await expect(derive([1], ' ')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(commands.sealed).toHaveLength(1);
  });

  it('needs both permissions', async () => {
    const attempt = (...permissions: readonly Permission[]): Promise<KeyRecord> =>
      commands.keys.deriveChild(
        commands.callerWith({ scope: { kind: 'key', keyId: parent.id }, permissions }),
        parent.id,
        undefined,
        CHILD,
      );
    await expect(attempt('create-key')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(attempt('derive-child-key')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await attempt('create-key', 'derive-child-key')).derivedFrom?.path).toEqual([0]);
    await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses keys that are no masters, are disabled, or are in a custody without children', async () => {
    const { keys, administrator, store } = commands;
    const ordinary = await keys.generate(administrator, P256);
    const notUsable = { code: 'key_not_usable' };
    await expect(keys.deriveChild(administrator, ordinary.id, [1], CHILD)).rejects.toMatchObject(notUsable);
    const still = await keys.generate(administrator, { ...MASTER, name: 'still', custody: 'still' });
    await expect(keys.deriveChild(administrator, still.id, [1], CHILD)).rejects.toMatchObject({
      code: 'not_supported',
    });
    store.records[0] = { ...parent, enabled: false };
    await expect(derive([1])).rejects.toMatchObject(notUsable);
    store.records[0] = { ...parent, state: 'deactivated' };
    await expect(derive([1])).rejects.toMatchObject(notUsable);
  });

  it('gives the child to whom the parent was delegated, and remembers that the parent came from outside', async () => {
    const { keys, administrator, groupId, person, store } = commands;
    const owner = await person(
      {},
      { scope: { kind: 'group', groupId }, permissions: ['create-key', 'derive-child-key'] },
    );
    store.records[0] = { ...parent, imported: true };
    await keys.delegate(administrator, parent.id, owner.principal.id);
    const child = await keys.deriveChild(owner, parent.id, undefined, CHILD);
    expect(child).toMatchObject({ delegatedTo: owner.principal.id, imported: true });
  });
});
