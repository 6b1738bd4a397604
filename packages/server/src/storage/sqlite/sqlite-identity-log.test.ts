import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '@countersign/core/ids';
import { decodeEvent } from '@countersign/core/log/event-entry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  newAssignment,
  newCredential,
  newDelivery,
  newPasskey,
  newPerson,
  newRole,
  newService,
  newToken,
  newWallet,
  newWebhook,
} from '../identity-fixtures.ts';
import { newHousehold, newKey } from '../store-fixtures.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-identity-log-'));
  path = join(folder, 'store.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

function eventsSince(leaf: number): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT body FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf').all(leaf);
  database.close();
  return rows.map(({ body }) => JSON.parse(decodeEvent(body as Uint8Array).json) as Record<string, unknown>);
}

describe('the log', () => {
  it('has every change of identities, wallets and webhooks with who made it, and no secret', async () => {
    const store = await openSqliteStore({ path, serviceKey: randomBytes(32) });
    const home = newHousehold();
    await store.directory.install(home);
    const by = home.administrator.id;
    const { id: accountId } = home.account;
    const { identities, wallets, webhooks } = store;
    const key = newKey(home);
    await store.keys.insert(key);
    const { size } = await store.log.head();

    const person = newPerson(home);
    const { id } = person.principal;
    await identities.insertIdentity(person, by);
    await identities.insertIdentity(newService(home), by);
    await identities.setEnabled(accountId, id, false, by);
    await identities.setEnabled(accountId, id, false, by);
    await identities.setEnabled(accountId, id, true, by);
    const invitation = { codeDigest: randomBytes(32), expiresAtMs: 5 };
    await identities.setInvitation(accountId, id, invitation, by);
    const passkey = newPasskey(home, id);
    await identities.insertCredential(passkey, { spendInvitation: invitation, replacesAll: true }, id);
    const [credential, role] = [newCredential(home, id), newRole(home)];
    await identities.insertCredential(credential, { spendInvitation: undefined, replacesAll: true }, id);
    await identities.setCredentialActive(accountId, passkey.id, true, by);
    const own = newCredential(home, id);
    const token = newToken(home, id, { credentialId: own.id });
    await identities.insertToken(token, own, id);
    await identities.setTokenActive(accountId, token.id, false, by);
    await identities.setTokenActive(accountId, token.id, true, by);
    await identities.deleteToken(accountId, token.id, by);
    await identities.insertRole(role, by);
    await identities.replaceRole({ ...role, permissions: ['verify'], version: 2 }, by);
    await identities.replaceRole({ ...role, archived: true, version: 3 }, by);
    await identities.replaceRole({ ...role, version: 4 }, by);
    const assignment = newAssignment(home, role.id, id);
    await identities.insertAssignment(assignment, by);
    await identities.removeAssignment(accountId, assignment.id, by);
    await wallets.insert(newWallet(home, key), by);
    const webhook = newWebhook(home);
    const [first, second] = [randomBytes(32), randomBytes(32)];
    await webhooks.insert(webhook, first, by);
    await webhooks.replace({ ...webhook, enabled: false }, by);
    await webhooks.setSecret(accountId, webhook.id, second, by);
    await webhooks.remove(accountId, webhook.id, by);
    await store.close();

    const events = eventsSince(size);
    expect(events.map((event) => [event['kind'], event['by']])).toEqual([
      ['group-created', by],
      ['principal-created', by],
      ['invitation-created', by],
      ['principal-created', by],
      ['role-created', by],
      ['role-assigned', by],
      ['credential-added', by],
      ['token-created', by],
      ['principal-disabled', by],
      ['principal-enabled', by],
      ['invitation-created', by],
      ['credential-added', id],
      ['credential-deactivated', id],
      ['credential-added', id],
      ['credential-activated', by],
      ['credential-added', id],
      ['token-created', id],
      ['token-deactivated', by],
      ['token-activated', by],
      ['token-deleted', by],
      ['credential-deleted', by],
      ['role-created', by],
      ['role-changed', by],
      ['role-archived', by],
      ['role-restored', by],
      ['role-assigned', by],
      ['role-revoked', by],
      ['wallet-created', by],
      ['webhook-created', by],
      ['webhook-changed', by],
      ['webhook-secret-changed', by],
      ['webhook-deleted', by],
    ]);
    expect(events[28]?.['details']).toMatchObject({ server: 'https://hooks.example', enabled: true, events: 'all' });
    const text = JSON.stringify(events);
    for (const secret of [token.digest, invitation.codeDigest, first, second])
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(text).not.toContain(Buffer.from(secret).toString(encoding));
    expect(text).not.toContain('token=hidden');
    expect(text).not.toContain(person.email);
    // What an assertion in the log is checked with.
    const material = passkey.material.kind === 'passkey' ? passkey.material.publicKey : Buffer.alloc(0);
    expect(events[11]?.['details']).toMatchObject({ publicKey: Buffer.from(material).toString('base64') });
    expect(verifySqliteLog(path).problems).toEqual([]);
  });

  it('and the whole file hold no secret of a webhook in clear', async () => {
    const serviceKey = randomBytes(32);
    const store = await openSqliteStore({ path, serviceKey });
    const home = newHousehold();
    await store.directory.install(home);
    const webhook = newWebhook(home);
    const secret = Buffer.from(`whs-${randomBytes(24).toString('base64url')}`);
    await store.webhooks.insert(webhook, secret, home.administrator.id);
    await store.webhooks.insertDelivery(newDelivery(webhook), 1);
    expect((await store.webhooks.due(2, 1)).map((each) => Buffer.from(each.secret))).toEqual([secret]);
    for (const file of [path, `${path}-wal`]) {
      const bytes = await readFile(file);
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(serviceKey)).toBe(false);
    }
    await store.close();
    const other = await openSqliteStore({ path, serviceKey: randomBytes(32) });
    await expect(other.webhooks.due(2, 1)).rejects.toMatchObject({ code: 'internal' });
    await other.close();
  });

  it('needs no service key, but webhooks do', async () => {
    const store = await openSqliteStore({ path });
    const home = newHousehold();
    await store.directory.install(home);
    const insertion = store.webhooks.insert(newWebhook(home), randomBytes(32), home.administrator.id);
    await expect(insertion).rejects.toMatchObject({ code: 'not_supported' });
    expect(await store.webhooks.due(1, 1)).toEqual([]);
    expect(await store.webhooks.find(home.account.id, newId())).toBeUndefined();
    await store.close();
  });
});
