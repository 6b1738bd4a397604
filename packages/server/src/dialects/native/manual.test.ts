/** The examples of docs/native-api.md, run as they stand there. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EVENT_KINDS } from '@countersign/core/webhooks/webhook';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { nativeClient } from '../../../test/native-client.ts';

const MANUAL = readFileSync(new URL('../../../../../docs/native-api.md', import.meta.url), 'utf8');
const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url));
const [PROVEN = '', TRANSFERS = '', ...MORE] = Array.from(
  MANUAL.matchAll(/```js\n(.*?)```/gs),
  ([, code = '']) => code,
);

describe('the examples of the manual', () => {
  let service: DsmService;
  let url: string;
  beforeAll(async () => {
    service = await startDsmService();
    url = await service.server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => service.close());

  async function run(code: string, env: Readonly<Record<string, string>>): Promise<string> {
    // Bare imports of a text are found from the working directory.
    const options = { cwd: PACKAGE, env: { ...env, COUNTERSIGN_URL: url }, timeout: 30_000 };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
    return stdout.trim();
  }

  it('are two', () => {
    expect([PROVEN !== '', TRANSFERS !== '', MORE.length]).toEqual([true, true, 0]);
  });

  it('prove a change', async () => {
    const call = nativeClient(service.server, service.apiKey);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const body = { name: 'bot', publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString() };
    const { accessToken, credentialId } = (await call('createServiceAccount', { body })).body;
    const id = await run(PROVEN, {
      COUNTERSIGN_TOKEN: accessToken,
      CREDENTIAL_ID: credentialId,
      PRIVATE_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    });
    expect((await call('getKey', { params: { keyId: id } })).body.name).toBe('proven');
  });

  it('take a key in and out', async () => {
    expect(await run(TRANSFERS, { COUNTERSIGN_TOKEN: service.apiKey })).toBe('true');
  });
});

it('the manual names every kind of event', () => {
  for (const kind of EVENT_KINDS) expect(MANUAL).toContain(`\`${kind}\``);
});
