import { beforeEach, describe, expect, it } from 'vitest';
import { policyOf } from '../../test/governance-fixtures.ts';
import { type KeyCommands, keyCommands, MASTER, P256 } from '../../test/key-commands.ts';
import { type KeyId, newId } from '../ids.ts';
import type { HpkeMessage } from '../keys.ts';

const MESSAGE: HpkeMessage = { enc: new Uint8Array(32), ciphertext: new Uint8Array(50).fill(1) };
const RECIPIENT = new Uint8Array(32).fill(3);

let commands: KeyCommands;
beforeEach(async () => {
  commands = await keyCommands();
});

describe('importEncrypted', () => {
  it('stores the key, marked as one that was outside', async () => {
    const { keys, administrator, store } = commands;
    const key = await keys.importEncrypted(administrator, { ...MASTER, exportable: true }, MESSAGE);
    expect(key).toMatchObject({ imported: true, exportable: true, operations: ['sign', 'verify', 'derive-child'] });
    expect(store.records).toEqual([key]);
  });

  it('needs a permission of its own', async () => {
    const { keys, callerWith, groupId } = commands;
    const maker = callerWith({ scope: { kind: 'group', groupId }, permissions: ['create-key'] });
    await expect(keys.importEncrypted(maker, P256, MESSAGE)).rejects.toMatchObject({ code: 'forbidden' });
    const importer = callerWith({ scope: { kind: 'group', groupId }, permissions: ['import-key'] });
    await keys.importEncrypted(importer, P256, MESSAGE);
  });

  it('refuses messages of impossible sizes, keys that are not to be stored, and a custody that cannot', async () => {
    const { keys, administrator, sealed } = commands;
    const messages = [
      { ...MESSAGE, enc: new Uint8Array(31) },
      { ...MESSAGE, ciphertext: new Uint8Array(16) },
      { ...MESSAGE, ciphertext: new Uint8Array(32 * 1024 + 1) },
    ];
    const invalid = { code: 'invalid_request' };
    for (const message of messages)
      await expect(keys.importEncrypted(administrator, P256, message)).rejects.toMatchObject(invalid);
    const transient = { ...P256, persistence: 'transient' } as const;
    await expect(keys.importEncrypted(administrator, transient, MESSAGE)).rejects.toMatchObject(invalid);
    const still = { ...P256, custody: 'still' };
    await expect(keys.importEncrypted(administrator, still, MESSAGE)).rejects.toMatchObject({ code: 'not_supported' });
    expect(sealed).toEqual([]);
  });
});

describe('exportEncrypted', () => {
  it('gives the key to the recipient once it is on record', async () => {
    const { keys, administrator, store } = commands;
    const key = await keys.generate(administrator, { ...P256, exportable: true });
    expect(await keys.exportEncrypted(administrator, key.id, RECIPIENT)).toEqual({
      enc: RECIPIENT,
      ciphertext: key.publicKey,
    });
    expect(store.records).toEqual([{ ...key, exportedAtMs: 7, version: 2 }]);
  });

  it('keeps the key back where that could not be recorded', async () => {
    const { keys, administrator, store } = commands;
    const key = await keys.generate(administrator, { ...P256, exportable: true });
    store.change = async () => undefined;
    await expect(keys.exportEncrypted(administrator, key.id, RECIPIENT)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('needs the permission, a key made exportable and enabled, and a recipient', async () => {
    const { keys, administrator, callerWith, store } = commands;
    const fixed = await keys.generate(administrator, P256);
    const notUsable = { code: 'key_not_usable' };
    await expect(keys.exportEncrypted(administrator, fixed.id, RECIPIENT)).rejects.toMatchObject(notUsable);
    const key = await keys.generate(administrator, { ...P256, name: 'e', exportable: true });
    const signer = callerWith({ scope: { kind: 'account' }, permissions: ['sign', 'manage-key'] });
    await expect(keys.exportEncrypted(signer, key.id, RECIPIENT)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.exportEncrypted(administrator, key.id, new Uint8Array(31))).rejects.toMatchObject({
      code: 'invalid_request',
    });
    store.records[1] = { ...key, enabled: false };
    await expect(keys.exportEncrypted(administrator, key.id, RECIPIENT)).rejects.toMatchObject(notUsable);
    expect(store.records.map(({ exportedAtMs }) => exportedAtMs)).toEqual([undefined, undefined]);
  });
});

describe('exportEncrypted of a key that policies govern', () => {
  it('gives nothing away as long as they do: what is outside signs without them', async () => {
    const { keys, administrator, policies } = commands;
    const key = await keys.generate(administrator, { ...P256, exportable: true });
    const denied = { code: 'denied_by_policy' };
    for (const overrides of [{}, { action: { kind: 'block' } as const }, { filters: { keyIds: [key.id] } }]) {
      policies.splice(0, 1, policyOf(overrides));
      await expect(keys.exportEncrypted(administrator, key.id, RECIPIENT)).rejects.toMatchObject(denied);
    }
    for (const harmless of [
      { action: { kind: 'none' } as const },
      { filters: { keyIds: [newId<KeyId>()] } },
      { filters: { walletTagsAny: ['hot'] } },
      { activity: 'modify-policy' as const },
    ]) {
      policies.splice(0, 1, policyOf(harmless));
      const { id } = await keys.generate(administrator, { ...P256, name: newId(), exportable: true });
      await keys.exportEncrypted(administrator, id, RECIPIENT);
    }
  });
});

describe('importPublicKey', () => {
  it('is that of the custody that imports', async () => {
    expect(await commands.keys.importPublicKey()).toEqual(new Uint8Array(32).fill(9));
  });
});
