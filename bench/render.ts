/** Prints a results file as the tables of `bench/README.md`: `node bench/render.ts bench/results/FILE.json`. */
import { renderResults } from './render-results.ts';
import { readResults } from './results-file.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: render.ts RESULTS.json');
  process.exitCode = 2;
} else {
  console.log(renderResults(readResults(file)));
}
