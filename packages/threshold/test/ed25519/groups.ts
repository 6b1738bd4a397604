import { EngineUnavailable } from '@countersign/algorithms/engine';
import type { Ed25519Group } from '../../src/ed25519/ed25519-group.ts';
import { loadBlindedGroup } from '../../src/engines/ed25519/blinded-group.ts';
import { loadSodiumGroup } from '../../src/engines/ed25519/sodium-group.ts';

/** Every implementation that is here; the first is the one that the program would take. */
export const GROUPS: readonly [Ed25519Group, ...Ed25519Group[]] = available();

function available(): readonly [Ed25519Group, ...Ed25519Group[]] {
  try {
    return [loadSodiumGroup(), loadBlindedGroup()];
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    return [loadBlindedGroup()];
  }
}
