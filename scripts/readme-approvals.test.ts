/** The approval flow that the README gives in TypeScript, run as it stands there. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startService } from './demo/service-process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const README_URL = 'http://127.0.0.1:8080';
const TIMEOUT_MS = 120_000;

let service: ServiceProcess;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-readme-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  service = await startService();
}, TIMEOUT_MS);

afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('the approval flow of the README', () => {
  it('is pending first, and signed after two approvals', { timeout: TIMEOUT_MS }, async () => {
    const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(
      ([, block = '']) => block,
    );
    // The members, and the flow itself, which is meant to be read at a glance.
    expect(blocks).toHaveLength(2);
    expect(blocks[1]?.trim().split('\n').length).toBeLessThanOrEqual(20);
    const program = blocks.join('\n');
    expect(program).toContain(README_URL);
    const file = join(folder, 'approvals.mts');
    writeFileSync(file, program.replace(README_URL, `http://${service.host}:${service.port}`));
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      timeout: TIMEOUT_MS,
      env: { ...process.env, API_KEY: service.apiKey },
    });
    const [status, ...rest] = stdout.split('\n');
    expect(status).toBe('Pending');
    const request = rest.join('\n');
    expect(request).toContain("status: 'Signed'");
    expect(request).toMatch(/ r: '0x[0-9a-f]{64}'/);
    expect(request).toMatch(/ s: '0x[0-9a-f]{64}'/);
  });
});
