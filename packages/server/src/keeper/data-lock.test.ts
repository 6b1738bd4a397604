import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from './data-lock.ts';
import { StartRefused } from './start-refused.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = fs.mkdtempSync(join(os.tmpdir(), 'countersign-lock-'));
});
afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

function refusal(): StartRefused {
  try {
    lockDataDir(dataDir).release();
  } catch (error) {
    if (error instanceof StartRefused) return error;
    throw error;
  }
  throw new Error('the lock was given');
}

describe('the lock on a data folder', () => {
  it('is given once, and again after release', () => {
    const lock = lockDataDir(dataDir);
    expect(refusal().code).toBe('data_dir_in_use');
    lock.release();
    lockDataDir(dataDir).release();
  });

  it('names the process that holds it, and ends with it when it is killed', async () => {
    const script = `import { lockDataDir } from ${JSON.stringify(new URL('./data-lock.ts', import.meta.url).href)};
      lockDataDir(${JSON.stringify(dataDir)}); console.log('locked'); setInterval(() => {}, 1e6);`;
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const error = refusal();
    expect(error.code).toBe('data_dir_in_use');
    expect(error.message).toContain(`in use by process ${holder.pid}`);
    // Being refused takes nothing from the holder.
    expect(refusal().message).toContain(`in use by process ${holder.pid}`);
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.once('exit', resolve));
    lockDataDir(dataDir).release();
  });

  it('refuses a lock file that is something else', () => {
    fs.writeFileSync(
      join(dataDir, 'lock'),
      'not a database, and longer than a header, so that it is noticed'.repeat(20),
    );
    expect(refusal().code).toBe('data_dir_unusable');
  });
});
