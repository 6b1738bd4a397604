/** One step of the check: a tool of node_modules, or a function of ours that returns what is wrong. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export type CheckStep = { readonly name: string } & (
  | { readonly tool: readonly [string, ...string[]] /** Print while it runs. */; readonly show?: true }
  | { readonly run: (root: string) => Promise<readonly string[]> }
);

export interface CheckOutcome {
  readonly ok: boolean;
  /** What a failing step has to say; empty for one that passed or that printed for itself. */
  readonly output: string;
}

export const repositoryRoot = resolve(import.meta.dirname, '..');

export async function runCheckStep(step: CheckStep): Promise<CheckOutcome> {
  if ('tool' in step) return runTool(step.tool, step.show ?? false);
  const problems = await step.run(repositoryRoot);
  return { ok: problems.length === 0, output: problems.join('\n') };
}

function runTool(command: readonly string[], show: boolean): Promise<CheckOutcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['bin/countersign.mjs', '--tool', ...command], {
      cwd: repositoryRoot,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => done({ ok: false, output: error.message }));
    child.once('close', (code, signal) => {
      const ended = signal === null ? '' : `ended by ${signal}\n`;
      const text = Buffer.concat(chunks).toString().trim();
      done({ ok: code === 0, output: code === 0 ? '' : `${ended}${text}`.trim() });
    });
  });
}
