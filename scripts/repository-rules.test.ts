import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repositoryProblems } from './repository-rules.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function problemsOf(files: Record<string, string>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'countersign-rules-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return repositoryProblems(root);
}

const fine = { 'packages/core/src/fine.ts': 'export const fine = 1;\n' };

describe('repository rules', () => {
  it('pass a clean tree', () => {
    expect(problemsOf(fine)).toEqual([]);
  });

  it('fail a tree in which nothing was found', () => {
    expect(problemsOf({})).toEqual(['no file of packages/ was found']);
  });

  it.each([
    ['packages/core/src/long.ts', '\n'.repeat(450), 'more than one thing'],
    ['packages/core/lib/lost.test.ts', '', "vitest doesn't look here"],
    ['packages/core/src/a.ts', '// FIX' + 'ME later', 'do it, or leave it out'],
    ['docs/a.md', 'see /home' + '/someone/notes', 'a path of one machine'],
    ['scripts/a.test.ts', 'it.on' + "ly('x')", 'left alone'],
    ['.ci/run', '/work' + '/main/run', 'a path of one machine'],
  ])('report %s', (path, text, problem) => {
    const problems = problemsOf({ ...fine, [path]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(path);
    expect(problems[0]).toContain(problem);
  });

  it('leave installed packages alone', () => {
    expect(problemsOf({ ...fine, 'packages/core/node_modules/x/src/a.ts': '// FIX' + 'ME' })).toEqual([]);
  });
});
