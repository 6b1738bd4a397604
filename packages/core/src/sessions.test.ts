import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryDirectory } from '../test/in-memory-directory.ts';
import { createApiKey } from './api-key.ts';
import { newId, type PrincipalId } from './ids.ts';
import { installOnce } from './install.ts';
import { createSessions } from './sessions.ts';

let directory: ReturnType<typeof inMemoryDirectory>;
let apiKey: string;
let nowMs: number;

beforeEach(async () => {
  directory = inMemoryDirectory();
  nowMs = 1_000_000;
  apiKey = (await installOnce(directory, undefined, nowMs))?.apiKeyText ?? '';
});

const sessions = () => createSessions({ directory, now: () => nowMs, sessionSeconds: 600 });

describe('installOnce', () => {
  it('makes an account, a group and an administrator once', async () => {
    expect(await installOnce(directory, undefined, nowMs)).toBeUndefined();
    const { principal } = await sessions().authenticateApiKey(apiKey, 'test');
    expect(principal.grants).toEqual([{ scope: { kind: 'account' }, permissions: ['administer'] }]);
    expect(await directory.group(principal.accountId, principal.defaultGroupId ?? newId())).toMatchObject({
      name: 'default',
    });
  });

  it('takes an API key that the operator chose, and does not tell it back', async () => {
    const other = inMemoryDirectory();
    const chosen = createApiKey(newId<PrincipalId>()).text;
    expect((await installOnce(other, chosen, nowMs))?.apiKeyText).toBeUndefined();
    await createSessions({ directory: other, now: () => nowMs, sessionSeconds: 1 }).authenticateApiKey(chosen, 'test');
  });

  it('refuses a bootstrap key of another form and leaves the database empty', async () => {
    const other = inMemoryDirectory();
    await expect(installOnce(other, 'hunter2', nowMs)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await other.firstAccount()).toBeUndefined();
  });
});

describe('sessions', () => {
  it('authenticate an API key, and refuse any other with the same words', async () => {
    const texts = ['nonsense', createApiKey(newId<PrincipalId>()).text];
    const { principal } = await sessions().authenticateApiKey(apiKey, 'test');
    texts.push(createApiKey(principal.id).text);
    for (const text of texts)
      await expect(sessions().authenticateApiKey(text, 'test')).rejects.toMatchObject({
        code: 'unauthenticated',
        message: 'the API key is not valid',
      });
  });

  it('open, slide with use, and end', async () => {
    const { token, expiresInSeconds } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    expect(expiresInSeconds).toBe(600);
    nowMs += 599_000;
    await sessions().authenticateToken(token, 'test');
    nowMs += 599_000;
    await sessions().authenticateToken(token, 'test');
    nowMs += 660_000;
    await expect(sessions().authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('do not write for every request', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    for (let request = 0; request < 20; request++) {
      nowMs += 1000;
      await sessions().authenticateToken(token, 'test');
    }
    expect(directory.writes).toEqual([]);
    nowMs += 60_000;
    await sessions().authenticateToken(token, 'test');
    expect(directory.writes).toEqual(['extend']);
    nowMs += 600_000;
    await sessions().authenticateToken(token, 'test');
  });

  it('are dead once terminated, and unknown tokens are too', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    await sessions().terminate(token);
    for (const dead of [token, '', 'x'.repeat(1000)])
      await expect(sessions().authenticateToken(dead, 'test')).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('keep no token: the store has its digest only', async () => {
    const { token } = await sessions().open(await sessions().authenticateApiKey(apiKey, 'test'));
    const caller = await sessions().authenticateToken(token, 'test');
    expect(JSON.stringify([await directory.firstAccount(), caller])).not.toContain(token);
  });

  it('stop working when the principal is disabled', async () => {
    const caller = await sessions().authenticateApiKey(apiKey, 'test');
    const { token } = await sessions().open(caller);
    await directory.insertPrincipal({ ...caller.principal, enabled: false }, undefined, nowMs);
    await expect(sessions().authenticateToken(token, 'test')).rejects.toMatchObject({ code: 'session_expired' });
    await expect(sessions().authenticateApiKey(apiKey, 'test')).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
