/**
 * The dependency rule, proven to see: a tree laid out like the repository, in which every area imports every other
 * one and everything else that is forbidden. What the table forbids must be reported, and nothing more.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AREAS, type Area, NATIVE_PACKAGES } from './areas.ts';
import { cruise, type LayeringProblem } from './cruise.ts';
import { RULES } from './rules.ts';

const repository = resolve(import.meta.dirname, '../..');
const server = 'packages/server/src';
let root: string;

/** A tree with the repository's package.json files and node_modules, whose own packages are the tree's. */
function emptyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'countersign-layering-'));
  cpSync(join(repository, 'package.json'), join(tree, 'package.json'));
  mkdirSync(join(tree, 'node_modules/@countersign'), { recursive: true });
  for (const name of readdirSync(join(repository, 'packages'))) {
    mkdirSync(join(tree, 'packages', name), { recursive: true });
    cpSync(join(repository, 'packages', name, 'package.json'), join(tree, 'packages', name, 'package.json'));
    symlinkSync(`../../packages/${name}`, join(tree, 'node_modules/@countersign', name));
  }
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name.startsWith('.') || name === '@countersign') continue;
    symlinkSync(join(repository, 'node_modules', name), join(tree, 'node_modules', name));
  }
  return tree;
}

function write(tree: string, path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

/** What each area's importable file is called: the plants import these, which import nothing themselves. */
const targetOf = (area: Area): string =>
  area.sample.endsWith('plant.ts') ? area.sample.replace('plant.ts', 'target.ts') : area.sample;

function specifier(from: string, to: string): string {
  const [, fromPackage] = from.split('/');
  const [, toPackage, , ...rest] = to.split('/');
  if (fromPackage !== toPackage) return `@countersign/${toPackage}/${rest.join('/').replace(/\.ts$/, '')}`;
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

beforeAll(() => {
  root = emptyTree();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

async function problemsOf(files: Record<string, string>): Promise<readonly LayeringProblem[]> {
  for (const folder of readdirSync(join(root, 'packages')))
    rmSync(join(root, 'packages', folder, 'src'), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) write(root, path, text);
  return (await cruise(root)).problems;
}

describe('dependency rule', () => {
  it.each(AREAS.map((area) => [area.name, area] as const))(
    '%s imports what the table allows and no more',
    async (_, area) => {
      const others = AREAS.filter((other) => other !== area);
      const files: Record<string, string> = {};
      for (const other of others) files[targetOf(other)] = 'export const target = 1;\n';
      files[area.sample] = others
        .map((other, index) => `import * as i${index} from '${specifier(area.sample, targetOf(other))}';\ni${index};\n`)
        .join('');
      const problems = await problemsOf(files);
      const areaProblems = problems.filter(({ rule }) => rule === `area: ${area.name}`).map(({ to }) => to);
      const forbidden = others.filter(
        ({ name }) => !area.mayImport.includes(name) && !(area.mayLoad ?? []).includes(name),
      );
      expect(areaProblems.toSorted()).toEqual(forbidden.map(targetOf).toSorted());
      const loaded = problems.filter(({ rule }) => rule === `loaded only on demand: ${area.name}`).map(({ to }) => to);
      expect(loaded.toSorted()).toEqual(
        others
          .filter(({ name }) => area.mayLoad?.includes(name))
          .map(targetOf)
          .toSorted(),
      );
      expect(problems.filter(({ rule }) => !rule.endsWith(`: ${area.name}`))).toEqual([]);
    },
  );

  it('sees imports that are types only', async () => {
    const problems = await problemsOf({
      'packages/core/src/plant.ts':
        "import type { T } from '@countersign/server/storage/target';\nexport type U = T;\n",
      [`${server}/storage/target.ts`]: 'export type T = 1;\n',
    });
    expect(problems.map(({ rule }) => rule)).toContain('area: core');
  });

  it('sees import(), re-exports and require', async () => {
    const problems = await problemsOf({
      'packages/core/src/loads.ts': "export const a = () => import('@countersign/server/storage/target');\n",
      'packages/core/src/exports.ts': "export { target } from '@countersign/server/storage/target';\n",
      [`${server}/storage/target.ts`]: 'export const target = 1;\n',
    });
    const from = problems.filter(({ rule }) => rule === 'area: core').map((problem) => problem.from);
    expect(from.toSorted()).toEqual(['packages/core/src/exports.ts', 'packages/core/src/loads.ts']);
  });

  it('lets an algorithm load its engine on demand', async () => {
    const problems = await problemsOf({
      'packages/algorithms/src/plant.ts': "export const load = () => import('./engines/target.ts');\n",
      'packages/algorithms/src/engines/target.ts': 'export const target = 1;\n',
    });
    expect(problems).toEqual([]);
  });

  it.each(AREAS.map((area) => [area.name, area] as const))(
    '%s loads native code only where allowed',
    async (_, area) => {
      const text = NATIVE_PACKAGES.map((name) => `export const ${name.replaceAll('-', '_')} = import('${name}');\n`);
      const problems = await problemsOf({ [area.sample]: text.join('') });
      const found = problems.filter(({ rule }) => rule === `native: ${area.name}`);
      expect(found).toHaveLength(area.native ? 0 : NATIVE_PACKAGES.length);
    },
  );

  it.each(AREAS.map((area) => [area.name, area] as const))('%s does I/O only where allowed', async (_, area) => {
    const problems = await problemsOf({
      [area.sample]: "import 'node:fs/promises';\nimport 'net';\nexport const s = import('node:sqlite');\n",
    });
    expect(problems.map(({ rule }) => rule)).toEqual(area.effects ? [] : Array(3).fill(`effects: ${area.name}`));
  });

  it.each<[string, string, Record<string, string>]>([
    [
      'a dialect that imports another',
      'dialects stand alone',
      {
        [`${server}/dialects/dsm/plant.ts`]: "export { target } from '../native/target.ts';\n",
        [`${server}/dialects/native/target.ts`]: 'export const target = 1;\n',
      },
    ],
    [
      'a circle',
      'no circles',
      {
        'packages/core/src/one.ts': "import { two } from './two.ts';\nexport const one = () => two;\n",
        'packages/core/src/two.ts': "import { one } from './one.ts';\nexport const two = () => one;\n",
      },
    ],
    [
      'an import of a test',
      'not to test',
      {
        'packages/core/src/one.ts': "import './one.test.ts';\n",
        'packages/core/src/one.test.ts': 'export {};\n',
      },
    ],
    ['a package for development', 'no development packages', { 'packages/core/src/one.ts': "import 'fast-check';\n" }],
    [
      'a dependency of another package of ours',
      'no development packages',
      { 'packages/core/src/one.ts': "import 'fastify';\n" },
    ],
    ['an import that leads nowhere', 'resolvable', { 'packages/core/src/one.ts': "import './nothing.ts';\n" }],
    ['a folder that the table does not name', 'one area', { [`${server}/common/one.ts`]: 'export {};\n' }],
    ['a package that the table does not name', 'one area', { 'packages/extra/src/one.ts': 'export {};\n' }],
  ])('reports %s', async (_, rule, files) => {
    const problems = await problemsOf(files);
    expect(problems.map((problem) => problem.rule)).toContain(rule);
  });

  it('has a planted violation for every rule', () => {
    const planted = ['dialects stand alone', 'no circles', 'not to test', 'no development packages', 'resolvable'];
    const perArea = /^(area|loaded only on demand|native|effects): /;
    expect(RULES.map(({ name }) => name).filter((name) => !perArea.test(name ?? ''))).toEqual(planted);
  });

  it('fails a run that read nothing', async () => {
    expect((await problemsOf({})).map(({ rule }) => rule)).toEqual(['not blind']);
    const files = { 'packages/core/src/one.ts': 'export {};\n' };
    expect((await problemsOf(files)).map(({ to }) => to)).toEqual(['no import was seen in any file']);
  });
});
