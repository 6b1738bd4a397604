/** Ends a run with what was skipped and why, and one line that counts everything. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    for (const line of summaryOf(tests)) console.log(line);
  }
}

/** @returns one line per reason of a skip, and the closing line */
export function summaryOf(tests: readonly TestCase[]): readonly string[] {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
  const skips = new Map<string, number>();
  for (const test of tests) {
    const result = test.result();
    counts[result.state] += 1;
    if (result.state !== 'skipped') continue;
    // The reason is the note of `skip(reason)`; a title says it where a whole suite is skipped.
    const reason = result.note ?? test.fullName;
    skips.set(reason, (skips.get(reason) ?? 0) + 1);
  }
  const lines = [...skips].map(([reason, count]) => `skipped ${count}: ${reason}`);
  const pending = counts.pending === 0 ? '' : `, ${counts.pending} not run`;
  const { passed, failed, skipped } = counts;
  return [...lines, `tests: ${passed} passed, ${failed} failed, ${skipped} skipped${pending}`];
}
