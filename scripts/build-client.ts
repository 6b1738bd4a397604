/**
 * Compiles our client for publishing, since Node takes no TypeScript below node_modules: JavaScript, its declarations
 * and a package.json of its own.
 *
 *   node bin/countersign.mjs --run scripts/build-client.ts [FOLDER]     default: packages/client/dist
 */
import { resolve } from 'node:path';
import { buildClient } from './client/build-client.ts';

const folder = resolve(process.argv[2] ?? 'packages/client/dist');
buildClient(folder);
console.log(`compiled to ${folder}; publish it with: npm publish ${folder}`);
