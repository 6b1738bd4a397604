/** Starts a real keeper in a process of its own, on a fresh data folder, as a user without privileges where it can. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningProcess } from '../../src/keeper/keeper.ts';
import type { KeeperSettings } from '../../src/keeper/keeper-settings.ts';

export const PROBES = fileURLToPath(new URL('./', import.meta.url));
const CODE = fileURLToPath(new URL('../../src/keeper/', import.meta.url));
const NOBODY = 65534;

export interface TestUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Root may read everything, and a test that runs as root proves nothing: then processes are started as `nobody`,
 * provided that it can read the checkout. Otherwise the own user.
 */
export const TEST_USER: TestUser = process.getuid?.() === 0 && canNobodyRead() ? { uid: NOBODY, gid: NOBODY } : {};
/** Why tests that need a user without privileges can't run; undefined when they can. */
export const RUNS_AS_ROOT =
  process.getuid?.() === 0 && TEST_USER.uid === undefined ? 'root, and nobody can not read the checkout' : undefined;

function canNobodyRead(): boolean {
  const script = `require('node:fs').readFileSync(${JSON.stringify(join(CODE, 'keeper.ts'))})`;
  return spawnSync(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY, cwd: '/' }).status === 0;
}

export function makeDataDir(): string {
  const dataDir = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), 'countersign-keeper-')));
  if (TEST_USER.uid !== undefined) fs.chownSync(dataDir, TEST_USER.uid, TEST_USER.gid ?? NOBODY);
  return dataDir;
}

export interface KeeperEvent {
  readonly event: 'log' | 'ready' | 'processes' | 'finished' | 'refused';
  readonly [name: string]: unknown;
}

export class TestKeeper {
  readonly dataDir: string;
  readonly child: ChildProcess;
  readonly events: KeeperEvent[] = [];
  readonly exited: Promise<number | string | null>;
  #text = '';
  #listeners = new Set<() => void>();

  constructor(settings: Partial<KeeperSettings> = {}, environment: Record<string, string> = {}) {
    this.dataDir = settings.dataDir ?? makeDataDir();
    const all: KeeperSettings = {
      rootKeySource: { kind: 'file', path: join(this.dataDir, 'root.key'), create: true },
      signers: 1,
      verifiers: 1,
      httpEntry: join(PROBES, 'http-probe.ts'),
      sealedEntry: join(PROBES, 'sealed-probe.ts'),
      httpConfig: {},
      drainTimeoutMs: 5_000,
      ...settings,
      dataDir: this.dataDir,
    };
    this.child = spawn(process.execPath, [join(PROBES, 'keeper-main.ts'), JSON.stringify(all)], {
      ...TEST_USER,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.exited = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(signal ?? code)));
    this.child.on('exit', () => this.#notify());
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the keeper could not be started');
    return this.child.pid;
  }

  /** The next event, or an earlier one, that fits. */
  async event(fits: (event: KeeperEvent) => boolean, limitMs = 20_000): Promise<KeeperEvent> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`no such event; there were ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250);
        this.#listeners.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async ready(): Promise<string> {
    const event = await this.event(({ event }) => event === 'ready' || event === 'refused');
    if (event.event === 'refused') throw new Error(String(event['message']));
    return String(event['address']);
  }

  async processes(): Promise<readonly RunningProcess[]> {
    const before = this.events.length;
    this.child.stdin?.write('?');
    const event = await this.event((found) => found.event === 'processes' && this.events.indexOf(found) >= before);
    return event['processes'] as readonly RunningProcess[];
  }

  async pidOf(role: string, index = 0): Promise<number> {
    const found = (await this.processes()).find((one) => one.role === role && one.index === index);
    if (found === undefined) throw new Error(`no ${role} ${index}`);
    return found.pid;
  }

  async get(path: string): Promise<unknown> {
    return await parse(await fetch((await this.ready()) + path));
  }

  async post(path: string, body: object): Promise<unknown> {
    return await parse(
      await fetch((await this.ready()) + path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    );
  }

  /** Ends the keeper and removes its folder, whatever state they are in. */
  async dispose(): Promise<void> {
    // Its children see it go, and end.
    this.child.kill('SIGKILL');
    await this.exited;
    fs.rmSync(this.dataDir, { recursive: true, force: true });
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      this.events.push(JSON.parse(this.#text.slice(0, end)) as KeeperEvent);
      this.#text = this.#text.slice(end + 1);
    }
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}

async function parse(response: Response): Promise<unknown> {
  const text = await response.text();
  return text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : text;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that its new parent hasn't taken yet is gone for our purposes.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function eventually(holds: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
