import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longest-first.ts';
import { SummaryReporter } from './scripts/summary-reporter.ts';

/** One project per package, so that `--project core` runs one; a file outside all of them isn't a test. */
const projects: Record<string, string[]> = {
  algorithms: ['packages/algorithms/{src,test}/**/*.test.ts'],
  chains: ['packages/chains/{src,test}/**/*.test.ts'],
  client: ['packages/client/{src,test}/**/*.test.ts'],
  core: ['packages/core/{src,test}/**/*.test.ts'],
  threshold: ['packages/threshold/{src,test}/**/*.test.ts'],
  server: ['packages/server/{src,test}/**/*.test.ts'],
  repository: ['scripts/**/*.test.ts', 'bench/**/*.test.ts', 'docs/**/*.test.ts'],
};

export default defineConfig({
  test: {
    // Processes, not threads: native code, signals, permissions and file locks are per process.
    pool: 'forks',
    // One core less than there are is the default, which is one file at a time on two cores. Many tests wait for
    // processes and time-outs, so two files at a time are never too many.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 20_000,
    reporters: ['default', new SummaryReporter()],
    // A test that was left alone with `only`, or a run that found none, isn't a green run.
    allowOnly: false,
    passWithNoTests: false,
    projects: Object.entries(projects).map(([name, include]) => ({ extends: true, test: { name, include } })),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
    },
  },
});
