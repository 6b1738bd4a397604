/** The generator's operations: make a key, or take one in, and hand it out sealed; and what `key-transfers.ts` adds. */
import { EngineFailure } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { FRAME_TYPES } from '../frames.ts';
import { packKeyPairReply, parseKeyPairRequest } from '../messages/key-pair-message.ts';
import { keyTransfers } from './key-transfers.ts';
import { createSealNewKey } from './seal-new-key.ts';
import type { Operations } from './serve.ts';

type Answer = Buffer | Promise<Buffer>;

export function generatorOperations(engines: ReadonlyMap<string, SelectedEngine>, rootKey: Buffer): Operations<Answer> {
  const sealNew = createSealNewKey(engines, rootKey);

  function generate(body: Buffer): Buffer {
    const { requestId, terms, parameters } = parseKeyPairRequest(FRAME_TYPES.generate, body);
    const reply = sealNew(terms, (engine) => {
      const parsed = engines.get(terms.algorithm)?.algorithm.parseParameters(parameters);
      if (parsed?.ok !== true) throw new EngineFailure('invalid_key', parsed?.reason ?? 'unknown algorithm');
      return engine.generate(parsed.value);
    });
    return packKeyPairReply(requestId, reply);
  }

  function importKey(body: Buffer): Buffer {
    const { requestId, terms, encoded } = parseKeyPairRequest(FRAME_TYPES.import, body);
    try {
      return packKeyPairReply(
        requestId,
        sealNew(terms, (engine) => engine.importPrivate(encoded)),
      );
    } finally {
      encoded.fill(0);
    }
  }

  return {
    serve: new Map<number, (body: Buffer) => Answer>([
      [FRAME_TYPES.generate, generate],
      [FRAME_TYPES.import, importKey],
      ...keyTransfers(engines, rootKey, sealNew),
    ]),
    close: () => undefined,
  };
}
