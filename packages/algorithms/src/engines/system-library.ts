/** Finding a library of the system for FFI: by the path that the operator names, otherwise by its usual names. */
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { EngineUnavailable } from '../engine.ts';

export interface SystemLibraryNames {
  /** As its file names have it: `libsodium`. */
  readonly name: string;
  /** Environment variable with a path that replaces the search. */
  readonly pathVariable: string;
  /** File names or paths, the preferred one first. */
  readonly searched: readonly string[];
  /** What to do where it isn't found, as an imperative. */
  readonly install: string;
}

export interface SystemLibrary {
  readonly library: ReturnType<typeof koffi.load>;
  /** The file, where the system tells: people want to know which of several it is. */
  readonly path: string;
}

/** @throws EngineUnavailable with a text that says what to install */
export function loadSystemLibrary(names: SystemLibraryNames): SystemLibrary {
  const { name, pathVariable, searched, install } = names;
  const configured = process.env[pathVariable];
  if (configured !== undefined && configured !== '') {
    // A wrong setting must not silently give another library than the one that was asked for.
    try {
      return { library: koffi.load(configured), path: pathOf(name, configured) };
    } catch (cause) {
      throw new EngineUnavailable(`${pathVariable}=${configured} can't be loaded`, { cause });
    }
  }
  for (const file of searched) {
    try {
      return { library: koffi.load(file), path: pathOf(name, file) };
    } catch {
      // Not this one; the error below tells what was searched for.
    }
  }
  throw new EngineUnavailable(`${name} isn't on this machine: ${install}`);
}

function pathOf(name: string, loadedAs: string): string {
  try {
    const line = readFileSync('/proc/self/maps', 'latin1')
      .split('\n')
      .find((mapping) => mapping.includes(name));
    return line?.slice(line.indexOf('/')) ?? loadedAs;
  } catch {
    return loadedAs;
  }
}
