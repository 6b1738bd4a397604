import { type Engine, EngineFailure, type KeyMaterial } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import type { SealingTerms } from '@countersign/core/ports/custody';
import type { KeyPairReply, KeyPairStatus } from '../messages/key-pair-message.ts';
import { describeError, logLine } from './log-line.ts';
import { VAULT } from './open-entry.ts';
import { wrapKey } from './wrapping.ts';

/** Makes a key with the engine of the terms and hands it out sealed; what `make` gives is wiped. */
export type SealNewKey = (terms: SealingTerms, make: (engine: Engine) => KeyMaterial) => KeyPairReply;

export function createSealNewKey(engines: ReadonlyMap<string, SelectedEngine>, rootKey: Buffer): SealNewKey {
  return (terms, make) => {
    const engine = engines.get(terms.algorithm)?.selected?.engine;
    if (engine === undefined) return NO_ENGINE;
    try {
      const { privateKey, publicKey, parameters } = make(engine);
      try {
        const sealed = wrapKey(rootKey, { ...terms, parameters, publicKey, custody: VAULT, epoch: 0 }, privateKey);
        return { status: 'done', pair: { sealed, publicKey, parameters } };
      } finally {
        freeSecret(privateKey);
      }
    } catch (error) {
      return failureOf(error);
    }
  };
}

export const NO_ENGINE = { status: 'not-supported', reason: 'no engine for this algorithm is present' } as const;

/** An engine's refusal is explained to the caller (its message carries no key material); a fault isn't. */
export function failureOf(error: unknown): {
  readonly status: Exclude<KeyPairStatus, 'done'>;
  readonly reason: string;
} {
  if (error instanceof EngineFailure && error.code === 'unsupported')
    return { status: 'not-supported', reason: error.message };
  if (error instanceof EngineFailure && error.code !== 'engine_error')
    return { status: 'invalid', reason: error.message };
  logLine('engine-fault', describeError(error));
  return { status: 'fault', reason: 'the key could not be made' };
}
