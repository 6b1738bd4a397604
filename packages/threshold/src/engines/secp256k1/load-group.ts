import { EngineUnavailable } from '@countersign/algorithms/engine';
import type { Secp256k1Group } from '../../secp256k1/secp256k1-group.ts';
import { loadGroup as loadSystemGroup } from './libsecp256k1.ts';
import { loadGroup as loadNpmGroup } from './npm-secp256k1.ts';

let loaded: Promise<Secp256k1Group> | undefined;

/**
 * The group of secp256k1 by the first library that loads: the system's libsecp256k1, then npm's prebuilt one. Once
 * per process.
 * @throws EngineUnavailable where there's neither: no arithmetic in JavaScript takes their place
 */
export function loadSecp256k1Group(): Promise<Secp256k1Group> {
  loaded ??= loadFirst();
  return loaded;
}

async function loadFirst(): Promise<Secp256k1Group> {
  const reasons: string[] = [];
  for (const load of [loadSystemGroup, loadNpmGroup]) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      reasons.push(error.message);
    }
  }
  throw new EngineUnavailable(`no library for secp256k1: ${reasons.join('; ')}`);
}
