import type { Scheme } from './algorithm.ts';
import { EngineFailure } from './engine.ts';

/**
 * Refuses a scheme with a member that the engine doesn't know. A scheme comes from another process: what isn't
 * understood may have been meant to change the signature.
 * @throws EngineFailure `invalid_scheme`
 */
export function assertSchemeMembers(scheme: Scheme, known: readonly string[]): void {
  for (const member of Object.keys(scheme)) {
    if (!known.includes(member)) throw new EngineFailure('invalid_scheme', `unknown member of the scheme: ${member}`);
  }
}
