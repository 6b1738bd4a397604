import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'packages/client');

/** Writes the package as it is published. @throws Error with the compiler's words, or for a folder that has files */
export function buildClient(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} isn't empty`);
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(
    process.execPath,
    [compiler, '-p', join(CLIENT, 'tsconfig.build.json'), '--outDir', folder],
    { encoding: 'utf8' },
  );
  if (compiled.status !== 0) throw new Error(`the client doesn't compile:\n${compiled.stdout}${compiled.stderr}`);
  const { private: _private, ...manifest } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8')) as Readonly<
    Record<string, unknown>
  >;
  const exported = { './*': { types: './*.d.ts', default: './*.js' } };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, exports: exported }, null, 2)}\n`);
  copyFileSync(join(CLIENT, 'README.md'), join(folder, 'README.md'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}
