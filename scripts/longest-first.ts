/** Starts the test files that take longest first, so that none of them is left to run alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Over a path: what is killed or interrupted again and again. */
const LONGEST = /crash|interruption/;

export class LongestFirst extends BaseSequencer {
  /** Otherwise as vitest does: by project, then by the last durations, or by size where nothing ran before. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
