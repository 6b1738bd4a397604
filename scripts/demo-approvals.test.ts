import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const DEMO = resolve(import.meta.dirname, 'demo-approvals.ts');
const TIMEOUT_MS = 180_000;

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Without the minute that an expiry takes: the storage and the clock behind it have tests of their own. */
function runDemo(...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(process.execPath, [DEMO, '--no-expiry', ...args], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, output: `${stdout}${stderr}` });
    });
  });
}

describe('npm run demo:approvals', () => {
  it('signs with both versions of the client, and only with the approvals', { timeout: TIMEOUT_MS }, async () => {
    const { code, output } = await runDemo();
    expect(output).toContain('Everything is as it should be.');
    expect(code).toBe(0);
  });

  it('ends with 1 when one signature is damaged', { timeout: TIMEOUT_MS }, async () => {
    const { code, output } = await runDemo('--corrupt-one');
    expect(output).toContain("the signature doesn't verify");
    expect(output).toContain('Something is wrong: 1 of the checks failed');
    expect(code).toBe(1);
  });
});
