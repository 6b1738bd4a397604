import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { SummaryReporter } from './scripts/summary-reporter.ts';

const KEEPER = 'packages/server/src/keeper/keeper.test.ts';

/** One project per package, so that `--project core` runs one; a file outside all of them isn't a test. */
const projects: Record<string, string[]> = {
  algorithms: ['packages/algorithms/{src,test}/**/*.test.ts'],
  chains: ['packages/chains/{src,test}/**/*.test.ts'],
  client: ['packages/client/{src,test}/**/*.test.ts'],
  core: ['packages/core/{src,test}/**/*.test.ts'],
  threshold: ['packages/threshold/{src,test}/**/*.test.ts'],
  server: ['packages/server/src/**/*.test.ts'],
};

/** What runs the whole service, often several times: one file at a time, so that none of them starves another. */
const services: Record<string, string[]> = {
  service: ['packages/server/test/**/*.test.ts', KEEPER],
  repository: ['scripts/**/*.test.ts', 'bench/**/*.test.ts', 'docs/**/*.test.ts'],
};

export default defineConfig({
  test: {
    // Processes, not threads: native code, signals, permissions and file locks are per process.
    pool: 'forks',
    // The default is one core less than there are, which is one file at a time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 20_000,
    reporters: ['default', new SummaryReporter()],
    // A test that was left alone with `only`, or a run that found none, isn't a green run.
    allowOnly: false,
    passWithNoTests: false,
    projects: [
      ...Object.entries(projects).map(([name, include]) => ({
        extends: true as const,
        test: { name, include, exclude: [...configDefaults.exclude, KEEPER] },
      })),
      ...Object.entries(services).map(([name, include]) => ({
        extends: true as const,
        test: { name, include, maxWorkers: 1, sequence: { groupOrder: 1 } },
      })),
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
    },
  },
});
