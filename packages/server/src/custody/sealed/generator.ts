/** The generator's operations: make a key, or take one in, and hand it out sealed. */
import { type Engine, EngineFailure, type KeyMaterial } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import { FRAME_TYPES } from '../frames.ts';
import {
  type KeyPairReply,
  type KeyPairRequest,
  packKeyPairReply,
  parseKeyPairRequest,
} from '../messages/key-pair-message.ts';
import { describeError, logLine } from './log-line.ts';
import type { Operations } from './serve.ts';
import { wrapKey } from './wrapping.ts';

/** Fixed here, not taken from the request: what this process seals is for the vault. */
const CUSTODY = 'vault';

export function generatorOperations(engines: ReadonlyMap<string, SelectedEngine>, rootKey: Buffer): Operations {
  function sealNew(request: KeyPairRequest, make: (engine: Engine) => KeyMaterial): KeyPairReply {
    const { terms } = request;
    const engine = engines.get(terms.algorithm)?.selected?.engine;
    if (engine === undefined) return { status: 'not-supported', reason: 'no engine for this algorithm is present' };
    let material: KeyMaterial;
    try {
      material = make(engine);
    } catch (error) {
      return failureOf(error);
    }
    const { privateKey, publicKey, parameters } = material;
    try {
      const sealed = wrapKey(rootKey, { ...terms, parameters, publicKey, custody: CUSTODY, epoch: 0 }, privateKey);
      return { status: 'done', pair: { sealed, publicKey, parameters } };
    } catch (error) {
      return failureOf(error);
    } finally {
      freeSecret(privateKey as Buffer);
    }
  }

  function generate(body: Buffer): Buffer {
    const request = parseKeyPairRequest(FRAME_TYPES.generate, body);
    const reply = sealNew(request, (engine) => {
      const parsed = engines.get(request.terms.algorithm)?.algorithm.parseParameters(request.parameters);
      if (parsed?.ok !== true) throw new EngineFailure('invalid_key', parsed?.reason ?? 'unknown algorithm');
      return engine.generate(parsed.value);
    });
    return packKeyPairReply(request.requestId, reply);
  }

  function importKey(body: Buffer): Buffer {
    const request = parseKeyPairRequest(FRAME_TYPES.import, body);
    try {
      const reply = sealNew(request, (engine) => engine.importPrivate(request.encoded));
      return packKeyPairReply(request.requestId, reply);
    } finally {
      request.encoded.fill(0);
    }
  }

  return {
    serve: new Map([
      [FRAME_TYPES.generate, generate],
      [FRAME_TYPES.import, importKey],
    ]),
    close: () => undefined,
  };
}

/** An engine's refusal is explained to the caller (its message carries no key material); a fault isn't. */
function failureOf(error: unknown): KeyPairReply {
  if (error instanceof EngineFailure && error.code === 'unsupported')
    return { status: 'not-supported', reason: error.message };
  if (error instanceof EngineFailure && error.code !== 'engine_error')
    return { status: 'invalid', reason: error.message };
  logLine('engine-fault', describeError(error));
  return { status: 'fault', reason: 'the key could not be made' };
}
