import { EngineUnavailable } from '@countersign/algorithms/engine';
import type { Ed25519Group } from '../../ed25519/ed25519-group.ts';

let loaded: Promise<Ed25519Group> | undefined;

/**
 * The first that loads: the system's libsodium, or the blinded one, whose `constantTime` is false. A sealed process
 * calls this before it gives up the right to open files. Once per process.
 *
 * @throws EngineUnavailable where COUNTERSIGN_LIBSODIUM names a library that can't be used
 */
export function loadEd25519Group(): Promise<Ed25519Group> {
  loaded ??= loadFirst();
  return loaded;
}

async function loadFirst(): Promise<Ed25519Group> {
  try {
    return (await import('./sodium-group.ts')).loadSodiumGroup();
  } catch (error) {
    // Who names a library wants that one: falling back to one that isn't constant-time would be a silent downgrade.
    if (!(error instanceof EngineUnavailable) || isLibraryNamed()) throw error;
    return (await import('./blinded-group.ts')).loadBlindedGroup();
  }
}

function isLibraryNamed(): boolean {
  return (process.env['COUNTERSIGN_LIBSODIUM'] ?? '') !== '';
}
