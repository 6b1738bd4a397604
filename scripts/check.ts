/**
 * The project's own check: everything that has to hold before a change is landed. Runs every step, shows what each
 * failing one printed, and ends with 1 if any failed.
 *
 *   npm run check                       everything
 *   npm run check -- types layering     these steps only
 */
import { type CheckStep, runCheckStep } from './check-step.ts';
import { cruise } from './layering/cruise.ts';
import { repositoryProblems } from './repository-rules.ts';

const STEPS: readonly CheckStep[] = [
  { name: 'format', tool: ['biome', 'check', '--error-on-warnings', '.'] },
  {
    name: 'lint',
    tool: ['eslint', '--max-warnings', '0', '--no-error-on-unmatched-pattern', 'packages', 'scripts', 'bench', '.'],
  },
  { name: 'types', tool: ['tsc', '-p', '.'] },
  { name: 'layering', run: layering },
  { name: 'repository', run: (root) => Promise.resolve(repositoryProblems(root)) },
  { name: 'dead code', tool: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'tests', tool: ['vitest', 'run'], show: true },
];

async function layering(root: string): Promise<readonly string[]> {
  const { problems } = await cruise(root);
  return problems.map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`);
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(', ')}; there are: ${STEPS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const steps = names.length === 0 ? STEPS : STEPS.filter(({ name }) => names.includes(name));
  const failed: string[] = [];
  for (const step of steps) {
    const startedMs = performance.now();
    const { ok, output } = await runCheckStep(step);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
    if (!ok) failed.push(step.name);
    if (output !== '') console.log(output.replace(/^/gm, '  | '));
  }
  console.log(
    failed.length === 0
      ? `${steps.length} steps passed`
      : `${failed.length} of ${steps.length} failed: ${failed.join(', ')}`,
  );
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
