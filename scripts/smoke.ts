/**
 * The shortest proof that an installation works: starts the service on an empty folder as a newcomer would
 * (`npm start`), pastes the two lines that it prints, ends it, starts it again, and looks for what is left behind.
 *
 *   node bin/countersign.mjs --run scripts/smoke.ts
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const repository = resolve(import.meta.dirname, '..');
const launcher = join(repository, 'bin/countersign.mjs');
const START_LIMIT_MS = 120_000;
const END_LIMIT_MS = 60_000;

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
  console.log(`  ok: ${what}`);
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: repository, encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

interface Service {
  readonly child: ChildProcess;
  readonly address: string;
  readonly output: string;
  readonly ended: Promise<string>;
}

async function start(command: string, args: readonly string[], dataDir: string): Promise<Service> {
  console.log(`${command} ${args.join(' ')}`);
  const settings = ['--data-dir', dataDir, '--listen', '127.0.0.1:0'];
  const child = spawn(command, [...args, ...settings], { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = new Promise<string>((done) => {
    child.once('exit', (code, signal) => done(signal ?? `exit code ${code}`));
  });
  const startedMs = performance.now();
  for (;;) {
    const address = /^Countersign serves on (\S+)/m.exec(output)?.[1];
    if (address !== undefined) return { child, address, output, ended };
    if (child.exitCode !== null || performance.now() - startedMs > START_LIMIT_MS) {
      child.kill('SIGKILL');
      throw new Error(`it didn't start:\n${output}`);
    }
    await sleep(50);
  }
}

/** All processes below this one, now. Only Linux tells without a tool. */
function descendants(pid: number): readonly number[] {
  if (process.platform !== 'linux') return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (parent: number): number[] => (children.get(parent) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has just ended
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** SIGTERM to this one process; everything below it has to go. */
async function stop({ child, ended }: Service): Promise<void> {
  const family = descendants(child.pid ?? 0);
  child.kill('SIGTERM');
  const how = await Promise.race([ended, sleep(END_LIMIT_MS, 'no end', { ref: false })]);
  const left = family.filter(isAlive);
  for (const pid of left) process.kill(pid, 'SIGKILL');
  expect(how === 'exit code 0', `SIGTERM ends it with exit code 0 (${how})`);
  expect(left.length === 0, `none of its ${family.length} processes is left`);
}

function pasteLines(output: string): readonly string[] {
  return output.split('\n').filter((line) => line.startsWith('curl '));
}

/** The body and the status of a request made by the system's curl, through a shell as a person would. */
function paste(line: string): { readonly status: string; readonly body: unknown } {
  const text = run('sh', ['-c', `${line} -w '\\n%{http_code}'`]);
  const end = text.lastIndexOf('\n');
  const body: unknown = text.slice(0, end) === '' ? undefined : JSON.parse(text.slice(0, end));
  return { status: text.slice(end + 1), body };
}

function signedItems(line: string): number {
  const { status, body } = paste(line);
  if (status !== '200' || !Array.isArray(body)) return 0;
  return body.filter((item: { status?: unknown; body?: { signature?: unknown } }) => {
    return item.status === 200 && typeof item.body?.signature === 'string';
  }).length;
}

async function smoke(dataDir: string): Promise<void> {
  expect(/^countersign \d+\.\d+\.\d+ /.test(run('node', [launcher, 'version'])), 'countersign version');
  const engines = run('node', [launcher, 'engines']);
  expect(/^ecdsa-p256 +\S+ +\S/m.test(engines), 'countersign engines');
  console.log(engines);

  const first = await start('npm', ['start', '--silent', '--'], dataDir);
  const [createKey = '', signBatch = ''] = pasteLines(first.output);
  try {
    const health = await fetch(`${first.address}/health`);
    expect(health.status === 200, 'GET /health answers 200');
    expect(paste(createKey).status === '201', 'the first line creates a key');
    expect(signedItems(signBatch) === 2, 'the second line signs a batch with it');
    const metrics = await (await fetch(`${first.address}/metrics`)).text();
    expect(/^countersign_signatures_total\{.*outcome="signed"\} 2$/m.test(metrics), '/metrics counted both signatures');
  } finally {
    await stop(first);
  }

  const second = await start('node', [launcher, 'serve'], dataDir);
  try {
    expect(pasteLines(second.output).length === 0, 'a second start prints no credentials');
    expect(signedItems(signBatch.replace(first.address, second.address)) === 2, 'and signs with the same key');
  } finally {
    await stop(second);
  }
  const third = await start('node', [launcher, 'serve'], dataDir);
  const family = descendants(third.child.pid ?? 0);
  third.child.kill('SIGKILL');
  const killedMs = performance.now();
  while (family.some(isAlive) && performance.now() - killedMs < END_LIMIT_MS) await sleep(100);
  expect(!family.some(isAlive), `none of its ${family.length} processes outlives a killed launcher`);

  expect(run('node', [launcher, 'log', 'verify', '--data-dir', dataDir]).length > 0, 'the log verifies');
}

const dataDir = mkdtempSync(join(tmpdir(), 'countersign-smoke-'));
try {
  await smoke(join(dataDir, 'data'));
  console.log('smoke test passed');
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
