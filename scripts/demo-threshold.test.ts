import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const DEMO = resolve(import.meta.dirname, 'demo-threshold.ts');
const ITEMS = '20';
/** Three servers with all their processes, and the relay, take a while to start on a busy machine. */
const TIMEOUT_MS = 180_000;

interface Ended {
  readonly code: number;
  readonly output: string;
}

function runDemo(...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(process.execPath, [DEMO, '--items', ITEMS, ...args], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, output: `${stdout}${stderr}` });
    });
  });
}

describe('npm run demo:threshold', () => {
  it('signs with every pair of servers, refuses and refreshes as it should', { timeout: TIMEOUT_MS }, async () => {
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
