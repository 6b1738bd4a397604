import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClient } from './client/build-client.ts';

const NODE_MODULES = resolve(import.meta.dirname, '../node_modules');
const TIMEOUT_MS = 120_000;

describe('the compiled client', () => {
  let project = '';
  let installed = '';

  beforeAll(() => {
    // As npm would install it: below node_modules, where Node strips no types.
    project = mkdtempSync(join(tmpdir(), 'countersign-client-'));
    installed = join(project, 'node_modules/@countersign/client');
    mkdirSync(join(project, 'node_modules/@countersign'), { recursive: true });
    for (const name of ['openapi-fetch', 'openapi-typescript-helpers'])
      symlinkSync(join(NODE_MODULES, name), join(project, 'node_modules', name));
    buildClient(installed);
  }, TIMEOUT_MS);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('runs as an installed package, its credentials too', () => {
    writeFileSync(
      join(project, 'use.mjs'),
      `import { generateKeyPairSync } from 'node:crypto';
import { createClient } from '@countersign/client/client';
import { CountersignError } from '@countersign/client/countersign-error';
const paths = [];
const fetch = async (url) => {
  paths.push(url.pathname);
  const body = { challenge: 'A'.repeat(43), identifier: 'i', userAction: 't', id: 'key-1' };
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
};
const credential = { credentialId: 'cr-1', privateKey: generateKeyPairSync('ed25519').privateKey };
const client = createClient({ baseUrl: 'https://sign.example', token: 't', credential, fetch });
const key = await client.keys.create({ algorithm: 'ed25519' });
console.log(JSON.stringify({ paths, id: key.id, isError: new CountersignError('internal', 'x') instanceof Error }));
`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['use.mjs'], { cwd: project, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      paths: ['/api/v1/user-actions', '/api/v1/user-actions/complete', '/api/v1/keys'],
      id: 'key-1',
      isError: true,
    });
  });

  it('is never written over something else', () => {
    expect(() => buildClient(project)).toThrow("isn't empty");
  });

  it('has declarations whose imports lead to JavaScript, and no tests', () => {
    const declaration = readFileSync(join(installed, 'client.d.ts'), 'utf8');
    expect(declaration).toContain('export declare function createClient');
    expect(() => readFileSync(join(installed, 'base64.test.js'))).toThrow();
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: '@countersign/client', type: 'module' });
    expect(manifest['private']).toBeUndefined();
  });
});
