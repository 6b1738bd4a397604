import fs from 'node:fs';
import { join, relative, sep } from 'node:path';
import { CODE_PATHS } from './child-flags.ts';
import type { RootKeySource } from './root-key-source.ts';
import { StartRefused } from './start-refused.ts';

export interface DataDir {
  /** Without symbolic links: the permission model compares names. */
  readonly path: string;
  /** All that the HTTP process may read and write. */
  readonly databaseDir: string;
  readonly databasePath: string;
}

/**
 * Makes the data folder and its `db` where they are missing, mode 0700, and refuses a layout in which the HTTP process
 * could read the root key.
 *
 * @throws StartRefused `data_dir_unusable`
 */
export function prepareDataDir(dataDir: string, rootKeySource: RootKeySource): DataDir {
  let path: string;
  let databaseDir: string;
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    path = fs.realpathSync(dataDir);
    databaseDir = join(path, 'db');
    fs.mkdirSync(databaseDir, { recursive: true, mode: 0o700 });
    fs.accessSync(databaseDir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    throw new StartRefused('data_dir_unusable', `The data folder ${dataDir} can't be used: ${String(error)}`, {
      cause: error,
    });
  }
  const refuse = (why: string): never => {
    throw new StartRefused('data_dir_unusable', why);
  };
  // A link would carry the HTTP process's permission to wherever it points.
  if (fs.realpathSync(databaseDir) !== databaseDir) refuse(`${databaseDir} must not be a symbolic link.`);
  const codePaths = CODE_PATHS.map((codePath) => fs.realpathSync(codePath));
  if (codePaths.some((codePath) => isWithin(codePath, path))) {
    refuse(`The data folder ${path} lies inside the program's code, which every process may read. Choose another.`);
  }
  if (rootKeySource.kind === 'file') {
    const keyPath = realPathOf(rootKeySource.path);
    if ([...codePaths, databaseDir].some((readable) => isWithin(readable, keyPath))) {
      refuse(`The root key file ${keyPath} lies where the HTTP process may read. Move it.`);
    }
  }
  return { path, databaseDir, databasePath: join(databaseDir, 'countersign.sqlite') };
}

function isWithin(parent: string, child: string): boolean {
  const path = relative(parent, child);
  return path === '' || !(path === '..' || path.startsWith(`..${sep}`));
}

function realPathOf(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return join(fs.realpathSync(join(path, '..')), path.split(sep).at(-1) ?? '');
  }
}
