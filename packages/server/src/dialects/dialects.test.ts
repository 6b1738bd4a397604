import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createPathOwner } from '../http/path-owner.ts';
import { DIALECTS } from './dialects.ts';

/** Who may call what, and what becomes of bad input: tables over all endpoints, in each dialect's own shape. */
const REQUIRED_TESTS = ['authorization.test.ts', 'bad-input.test.ts'];

describe.each(DIALECTS)('the dialect $name', (dialect) => {
  it.each(REQUIRED_TESTS)('has a %s', (file) => {
    expect(existsSync(new URL(`./${dialect.name}/${file}`, import.meta.url))).toBe(true);
  });

  it('owns the paths of its endpoints, each once', () => {
    const ownerOf = createPathOwner(DIALECTS);
    for (const { path } of dialect.endpoints) expect([path, ownerOf(path)?.name]).toEqual([path, dialect.name]);
    const routes = dialect.endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
  });
});
