/** The raw limit of the engine in use: bare loops in one process and in one process per core. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { otherLoad, startMachineClock } from '../service/machine-load.ts';
import type { EngineTask } from '../subjects.ts';

/** What one process of a bare loop did. */
export interface BareLoopReport {
  readonly engine: string;
  readonly count: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface BareLoopResult {
  readonly engine: string;
  readonly processes: number;
  readonly perSecond: number;
  /** CPU time of one signature, all of it inside the engine but for the loop itself. */
  readonly cpuMicroseconds: number;
  /** Share of the machine that went to others meanwhile. */
  readonly otherLoad: number | undefined;
}

export interface BareLoop {
  readonly run: (processes: number, seconds: number) => Promise<BareLoopResult>;
  readonly close: () => void;
}

const CHILD = resolve(import.meta.dirname, '..', 'bare-loop-child.ts');
const ANSWER_TIMEOUT_MS = 60_000;

/** Starts `processes` children that are ready to sign. @throws Error when one can't */
export async function openBareLoop(task: EngineTask, processes: number): Promise<BareLoop> {
  const { merkleRoot, ...options } = task.options;
  const sent = merkleRoot === undefined ? options : { ...options, merkleRoot: Buffer.from(merkleRoot).toString('hex') };
  const children: LoopChild[] = [];
  const close = (): void => {
    process.off('exit', close);
    for (const child of children) child.close();
  };
  process.once('exit', close);
  try {
    for (let i = 0; i < processes; i++) children.push(new LoopChild(JSON.stringify({ ...task, options: sent })));
    // One answer each, so that they start together later.
    await Promise.all(children.map((child) => child.line()));
  } catch (error) {
    close();
    throw error;
  }
  return {
    close,
    async run(count, seconds) {
      const used = children.slice(0, count);
      const clock = startMachineClock();
      const reports = await Promise.all(used.map((child) => child.loop(seconds)));
      const [first] = reports;
      if (first === undefined) throw new Error('a bare loop needs a process');
      const cpuSeconds = reports.reduce((sum, report) => sum + report.cpuSeconds, 0);
      const signatures = reports.reduce((sum, report) => sum + report.count, 0);
      return {
        engine: first.engine,
        processes: reports.length,
        perSecond: reports.reduce((sum, report) => sum + report.count / report.seconds, 0),
        cpuMicroseconds: (cpuSeconds / signatures) * 1e6,
        otherLoad: otherLoad(clock, cpuSeconds),
      };
    },
  };
}

/** The engine that the service's processes would take for this task. */
export async function bareEngineName(task: EngineTask): Promise<string> {
  const loop = await openBareLoop(task, 1);
  try {
    return (await loop.run(1, 0.01)).engine;
  } finally {
    loop.close();
  }
}

class LoopChild {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(task: string) {
    this.#child = spawn(process.execPath, [CHILD, task], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', () => this.close());
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async loop(seconds: number): Promise<BareLoopReport> {
    this.#child.stdin.write(`${seconds}\n`);
    return JSON.parse(await this.line()) as BareLoopReport;
  }

  async line(): Promise<string> {
    const timer = setTimeout(() => this.close(), ANSWER_TIMEOUT_MS);
    const next: IteratorResult<string, unknown> = await this.#lines.next().finally(() => clearTimeout(timer));
    if (next.done === true) throw new Error('a bare loop ended early; what it said is above');
    return next.value;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
