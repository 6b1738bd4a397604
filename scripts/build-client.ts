/**
 * Compiles our client for publishing, since Node takes no TypeScript below node_modules: JavaScript, its declarations
 * and a package.json of its own, in a folder that is new or empty.
 *
 *   node bin/countersign.mjs --run scripts/build-client.ts FOLDER
 */
import { resolve } from 'node:path';
import { buildClient } from './client/build-client.ts';

const [, , given] = process.argv;
if (given === undefined) {
  console.error('name the folder to compile to');
  process.exitCode = 2;
} else {
  const folder = resolve(given);
  buildClient(folder);
  console.log(`compiled; publish it with: npm publish ${folder}`);
}
