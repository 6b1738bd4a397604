import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderResults } from './render-results.ts';
import { readResults } from './results-file.ts';

const folder = join(import.meta.dirname, 'results');
const committed = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.local.json'));

describe('bench/README.md', () => {
  it('has a results file to show', () => {
    expect(committed).not.toEqual([]);
  });

  it.each(committed)('shows the figures of %s as they were measured', (name) => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    expect(readme).toContain(renderResults(readResults(join(folder, name))));
  });
});
