/**
 * Prints a results file as tables, or puts them into `bench/README.md` between its two markers:
 *
 *   node bench/render.ts bench/results/FILE.json
 *   node bench/render.ts bench/results/FILE.json --write-readme
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { renderResults } from './render-results.ts';
import { readResults } from './results-file.ts';

const README = resolve(import.meta.dirname, 'README.md');
const START = '<!-- results -->';
const END = '<!-- end of results -->';

const [file, flag] = process.argv.slice(2);
if (file === undefined || (flag !== undefined && flag !== '--write-readme')) {
  console.error('usage: render.ts RESULTS.json [--write-readme]');
  process.exitCode = 2;
} else {
  const text = renderResults(readResults(file));
  if (flag === undefined) console.log(text);
  else writeFileSync(README, between(readFileSync(README, 'utf8'), text));
}

function between(readme: string, text: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start === -1 || end < start) throw new Error(`${README} has lost its markers`);
  return `${readme.slice(0, start + START.length)}\n\n${text}\n\n${readme.slice(end)}`;
}
