/** Runs the dependency rule over a source tree. */
import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { cruise as cruiseDependencies } from 'dependency-cruiser';
import { AREAS } from './areas.ts';
import { RULES, TEST_FILE } from './rules.ts';

export interface LayeringProblem {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface LayeringReport {
  /** Source files that were read, tests included. */
  readonly modules: number;
  readonly problems: readonly LayeringProblem[];
}

/**
 * Checks every TypeScript file below `root`/packages. A file that the tool didn't read, one that is in no area or in
 * two, and a tree without any file are problems too, so that the check can't go blind.
 * @param root absolute path of a repository, or of a tree laid out like one
 */
export async function cruise(root: string): Promise<LayeringReport> {
  const files = globSync('packages/*/{src,test}/**/*.{ts,cts,mts}', { cwd: root }).map((file) =>
    file.split(sep).join('/'),
  );
  const problems: LayeringProblem[] = files.flatMap(placeProblem);
  if (files.length === 0) {
    problems.push({ rule: 'not blind', from: root, to: 'no source file was found' });
    return { modules: 0, problems };
  }
  const { output } = await cruiseDependencies(
    files,
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: [...RULES] },
      doNotFollow: { path: 'node_modules' },
      tsPreCompilationDeps: true,
      combinedDependencies: false,
      detectProcessBuiltinModuleCalls: true,
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      extensions: ['.ts', '.cts', '.mts', '.d.ts', '.mjs', '.js', '.cjs', '.json', '.node'],
      mainFields: ['module', 'main', 'types'],
    },
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with text: ${output.slice(0, 200)}`);
  const read = new Map(output.modules.map((module) => [module.source, module]));
  for (const file of files) {
    const module = read.get(file);
    if (module === undefined) problems.push({ rule: 'not blind', from: file, to: 'was not read' });
  }
  if (!output.modules.some((module) => module.dependencies.length > 0))
    problems.push({ rule: 'not blind', from: root, to: 'no import was seen in any file' });
  for (const violation of output.summary.violations)
    problems.push({ rule: violation.rule.name, from: violation.from, to: violation.to });
  return { modules: files.length, problems };
}

function placeProblem(file: string): LayeringProblem[] {
  if (new RegExp(TEST_FILE).test(file)) return [];
  const areas = AREAS.filter((area) => new RegExp(area.path).test(file));
  if (areas.length === 1) return [];
  const to = areas.length === 0 ? 'is in no area of scripts/layering/areas.ts' : `is in ${areas.length} areas`;
  return [{ rule: 'one area', from: file, to }];
}
