/** Simple rules about the repository's own text, which no linter of ours checks. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { TEST_FILE } from './layering/rules.ts';

const MAX_SOURCE_LINES = 450;

/** Longer than that because they are tables, or generated. */
const TABLES: readonly string[] = ['packages/algorithms/src/digests.ts', 'packages/client/src/generated/api.ts'];

const EVERYTHING = [
  '{packages,scripts,bench,docs,bin}/**/*.{ts,cts,mjs,json,md,sh}',
  '*.{ts,mjs,json,md}',
  '.ci/*',
  '.dependency-cruiser.*',
];
const SKIPPED = /(^|\/)(node_modules|results|coverage)\/|^package-lock\.json$|^scripts\/repository-rules/;

/** Where vitest looks; a test elsewhere would never run. */
const TEST_PLACES = /^(packages\/[^/]+\/(src|test)|scripts|bench|docs)\//;

const FORBIDDEN_TEXT: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX)\b/, why: 'do it, or leave it out' },
  { pattern: /@ts-(ignore|nocheck)\b/, why: 'types are the guard' },
  { pattern: /\.(only|todo)\(/, why: 'a test that is left out or left alone' },
  { pattern: /(^|[\s"'`(=:])\/(work|home|root)\//, why: 'a path of one machine' },
  { pattern: /<{7} |>{7} /, why: 'an unfinished merge' },
];

/** @returns one line per problem, with file and line number */
export function repositoryProblems(root: string): readonly string[] {
  const files = globSync(EVERYTHING, { cwd: root, exclude: (path) => path.includes('node_modules') })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => !SKIPPED.test(file));
  if (!files.some((file) => file.startsWith('packages/'))) return ['no file of packages/ was found'];
  return [...new Set(files)].flatMap((file) => fileProblems(file, readFileSync(join(root, file), 'utf8')));
}

function fileProblems(file: string, text: string): string[] {
  const lines = text.split('\n');
  const problems: string[] = [];
  const isTest = file.endsWith('.test.ts');
  if (
    /^packages\/[^/]+\/src\/.*\.c?ts$/.test(file) &&
    !new RegExp(TEST_FILE).test(file) &&
    !TABLES.includes(file) &&
    lines.length > MAX_SOURCE_LINES
  )
    problems.push(`${file}: ${lines.length} lines; more than ${MAX_SOURCE_LINES} is more than one thing`);
  if (isTest && !TEST_PLACES.test(file)) problems.push(`${file}: vitest doesn't look here`);
  for (const [index, line] of lines.entries())
    for (const { pattern, why } of FORBIDDEN_TEXT)
      if (pattern.test(line)) problems.push(`${file}:${index + 1}: ${line.trim().slice(0, 80)} (${why})`);
  return problems;
}
