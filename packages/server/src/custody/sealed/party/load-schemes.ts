/** Every threshold algorithm of this build. Adding one: its file and one line. */
import { EngineUnavailable } from '@countersign/algorithms/engine';
import type { PARTY_ALGORITHMS } from '../../messages/party-message.ts';
import { logLine } from '../log-line.ts';
import type { Schemes } from './party-context.ts';
import type { PartyScheme } from './party-scheme.ts';
import { loadBip340Scheme } from './schemes/bip340.ts';
import { loadEd25519Scheme } from './schemes/ed25519.ts';

type AlgorithmName = (typeof PARTY_ALGORITHMS)[number];

const LOADERS: Readonly<Record<AlgorithmName, () => Promise<PartyScheme>>> = {
  bip340: loadBip340Scheme,
  ed25519: loadEd25519Scheme,
};

/** Before the process is sealed: it opens no file afterwards. One whose library is missing is left out. */
export async function loadSchemes(): Promise<Schemes> {
  const schemes = new Map<AlgorithmName, PartyScheme>();
  for (const load of Object.values(LOADERS)) {
    try {
      const scheme = await load();
      schemes.set(scheme.algorithm, scheme);
      if (!scheme.group.constantTime)
        logLine('threshold-arithmetic-not-constant-time', {
          algorithm: scheme.algorithm,
          engine: scheme.group.description,
        });
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      logLine('threshold-algorithm-unavailable', { reason: error.message });
    }
  }
  return schemes;
}
