/** Turns the table of areas into rules of dependency-cruiser. */
import type { IForbiddenRuleType } from 'dependency-cruiser';
import { AREAS, type Area, EFFECT_MODULES, NATIVE_PACKAGES } from './areas.ts';

/** Tests, and what only they use: contract suites and fixtures. They may import what they like, and nothing else them. */
export const TEST_FILE = '(\\.test\\.ts$|[-.](contract|fixtures?)\\.ts$|^packages/[^/]+/test/)';
const OURS = '^packages/';
const nativePath = `(^|/)node_modules/(${NATIVE_PACKAGES.join('|')})/`;
const effectPath = `^(node:)?(${EFFECT_MODULES.join('|')})(/|$)`;

/** `rule-name: area`, so that a violation says which line of the table it broke. */
function areaRules(area: Area): IForbiddenRuleType[] {
  const from = { path: area.path, pathNot: TEST_FILE };
  const pathOf = (name: string): string => {
    const found = AREAS.find((other) => other.name === name);
    if (found === undefined) throw new Error(`area ${area.name} names an unknown area: ${name}`);
    return found.path;
  };
  const imports = [area.path, ...area.mayImport.map(pathOf)];
  const loads = (area.mayLoad ?? []).map(pathOf);
  const rules: IForbiddenRuleType[] = [
    {
      name: `area: ${area.name}`,
      comment: `${area.name} may import ${area.mayImport.join(', ') || 'nothing of ours'}`,
      severity: 'error',
      from,
      to: { path: OURS, pathNot: [...imports, ...loads] },
    },
  ];
  if (loads.length > 0)
    rules.push({
      name: `loaded only on demand: ${area.name}`,
      comment: `${area.name} may reach ${area.mayLoad?.join(', ')} by import() alone`,
      severity: 'error',
      from,
      to: { path: loads, dynamic: false },
    });
  if (!area.native)
    rules.push({
      name: `native: ${area.name}`,
      comment: 'native code is for the sealed processes and the keeper',
      severity: 'error',
      from,
      to: { path: nativePath },
    });
  if (!area.effects)
    rules.push({
      name: `effects: ${area.name}`,
      comment: `${area.name} does no I/O`,
      severity: 'error',
      from,
      to: { path: effectPath },
    });
  return rules;
}

export const RULES: readonly IForbiddenRuleType[] = [
  ...AREAS.flatMap(areaRules),
  {
    name: 'dialects stand alone',
    comment: 'a dialect imports no other dialect',
    severity: 'error',
    from: { path: '^packages/server/src/dialects/([^/]+)/', pathNot: TEST_FILE },
    to: {
      path: '^packages/server/src/dialects/[^/]+/',
      pathNot: '^packages/server/src/dialects/$1/',
    },
  },
  {
    name: 'no circles',
    comment: 'modules that load each other can only be understood together (types may name each other)',
    severity: 'error',
    from: { path: OURS },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'not to test',
    comment: 'the program never imports a test',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: TEST_FILE },
    to: { path: TEST_FILE },
  },
  {
    name: 'no development packages',
    comment: 'what the program imports is in the dependencies of its own package.json',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: TEST_FILE },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional', 'npm-bundled'] },
  },
  {
    name: 'resolvable',
    comment: 'an import that leads nowhere would slip through every other rule',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];
