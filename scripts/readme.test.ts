/** What the README tells newcomers to paste, pasted: three servers of their own that sign together. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBip340 } from './demo/noble-verifiers.ts';

const ROOT = resolve(import.meta.dirname, '..');
const TIMEOUT_MS = 240_000;
/** The README's ports without their last digit. */
const README_PORTS = '127.0.0.1:808';
const HEX_64 = /^[0-9a-f]{64}$/;
const HEX_128 = /^[0-9a-f]{128}$/;

/** Tools that the README takes for granted; where one is missing the test is skipped, and its title says so. */
const missing = ['bash', 'curl', 'openssl'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
const because = missing.length === 0 ? '' : ` (skipped without ${missing.join(', ')})`;

describe.skipIf(missing.length > 0)(`the three servers of the README${because}`, () => {
  let folder = '';
  let shell: ChildProcess | undefined;
  let answers: readonly unknown[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-readme-'));
    symlinkSync(join(ROOT, 'bin'), join(folder, 'bin'));
    const script = readmeScript().replaceAll(README_PORTS, `127.0.0.1:${await freePorts()}`);
    // A group of its own, so that nothing is left of it whatever happens.
    shell = spawn('bash', ['-s'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    let output = '';
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    shell.stdin?.end(script);
    await new Promise((done) => shell?.once('exit', done));
    answers = [...output.matchAll(/^[123]: (.*)$/gm)].map(([, answer = '']) => parse(answer));
  }, TIMEOUT_MS);

  afterAll(() => {
    if (shell?.pid !== undefined) killGroup(shell.pid);
    rmSync(folder, { recursive: true, force: true });
  });

  it('agree on one public key', () => {
    expect(members('params_hash').length).toBe(3);
    expect(new Set(members('params_hash')).size).toBe(1);
    expect(members('pubkey').length).toBe(3);
    expect(new Set(members('pubkey')).size).toBe(1);
    expect(members('pubkey')[0]).toMatch(HEX_64);
  });

  it('sign with two of them, and both answer with the same valid signature', () => {
    const [first = '', second] = members('signature');
    expect(first).toMatch(HEX_128);
    expect(second).toBe(first);
    const publicKey = Buffer.from(members('pubkey')[0] ?? '', 'hex');
    expect(verifyBip340(publicKey, Buffer.from('deadbeef', 'hex'), Buffer.from(first, 'hex'), undefined)).toBe(true);
  });

  it('sign a batch', () => {
    const batches = answers.filter((answer) => Array.isArray(answer));
    expect(batches.length).toBe(2);
    expect(batches[0]).toEqual([
      { Signature: { signature: expect.stringMatching(HEX_128) } },
      { Signature: { signature: expect.stringMatching(HEX_128) } },
    ]);
    expect(batches[1]).toEqual(batches[0]);
  });

  it('refresh their shares', () => {
    // Three key ids of the generation and three new ones.
    expect(new Set(members('key_id')).size).toBe(6);
  });

  function members(name: string): readonly string[] {
    return answers.flatMap((answer) => {
      const value = (answer as Readonly<Record<string, unknown>>)[name];
      return typeof value === 'string' ? [value] : [];
    });
  }
});

function readmeScript(): string {
  const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```bash\n(.*?)^```/gms)];
  expect(blocks.length).toBeGreaterThan(1);
  return blocks.map(([, block]) => block).join('\n');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`not an answer: ${line}`);
  }
}

/** What stands before the last digit of three ports that nobody listens on. */
async function freePorts(): Promise<string> {
  for (;;) {
    const head = 2000 + Math.floor(Math.random() * 1200);
    const taken = await Promise.all([1, 2, 3].map((digit) => isTaken(head * 10 + digit)));
    if (!taken.includes(true)) return String(head);
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone already.
  }
}
