/**
 * The native half of npm's `secp256k1`: libsecp256k1 of 2019, prebuilt for linux-x64, darwin-arm64 and win32-x64. Its
 * main module falls back to JavaScript without a word, hence `secp256k1/bindings`, which doesn't.
 */
import { createRequire } from 'node:module';
import { EngineUnavailable } from '../../engine.ts';
import { fillFromKernel } from '../../kernel-randomness.ts';
import { allocateSecret, freeSecret } from '../../secret-memory.ts';

type Functions = typeof import('secp256k1');

export interface Bindings extends Functions {
  readonly description: string;
}

let loaded: Bindings | undefined;

/** Loads the addon once per process. @throws EngineUnavailable where it isn't built for this machine */
export function loadBindings(): Bindings {
  loaded ??= openBindings();
  return loaded;
}

function openBindings(): Bindings {
  const require = createRequire(import.meta.url);
  let functions: Functions;
  try {
    functions = require('secp256k1/bindings') as Functions;
  } catch (cause) {
    throw new EngineUnavailable(
      `npm's secp256k1 has no prebuilt binary for ${process.platform}-${process.arch}: install libsecp256k1 instead`,
      { cause },
    );
  }
  const { version } = require('secp256k1/package.json') as { version: string };
  const seed = allocateSecret(32);
  fillFromKernel(seed);
  functions.contextRandomize(seed);
  freeSecret(seed);
  return { ...functions, description: `npm secp256k1 ${version} (prebuilt libsecp256k1 of 2019)` };
}
