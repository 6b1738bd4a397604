/** The verifier's one operation. It holds no secret; it exists so that the HTTP process loads no native code. */
import type { VerifyFunction, VerifyingKey } from '@countersign/algorithms/engine';
import { EngineFailure } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { FRAME_TYPES } from '../frames.ts';
import { ITEM_STRIDE, type ItemMessage, parseItemMessage } from '../messages/item-message.ts';
import { type KeyEntry, parseParametersField } from '../messages/key-entry.ts';
import { packVerifyReply, VERIFY_STATUS_CODES } from '../messages/verify-reply.ts';
import { KeyCache } from './key-cache.ts';
import { describeError, logLine } from './log-line.ts';
import type { Operations } from './serve.ts';

const KEY_CACHE_CAPACITY = 4096;

type Failure = (typeof VERIFY_STATUS_CODES)['invalid' | 'unavailable'];

export function verifierOperations(engines: ReadonlyMap<string, SelectedEngine>): Operations {
  const cache = new KeyCache<VerifyingKey>(KEY_CACHE_CAPACITY);

  function open(entry: KeyEntry): VerifyingKey | Failure {
    const cached = cache.get(entry);
    if (cached !== undefined) return cached;
    const engine = engines.get(entry.algorithm)?.selected?.engine;
    if (engine === undefined) return VERIFY_STATUS_CODES.invalid;
    const parameters = parseParametersField(entry.parameters);
    try {
      const key = engine.loadPublic(entry.publicKey, parameters);
      cache.put(entry, key);
      return key;
    } catch (error) {
      return failureOf(error);
    }
  }

  function verify(body: Buffer): Buffer {
    const message = parseItemMessage(body);
    const startMs = performance.now();
    const statuses = verifyItems(message, message.keys.map(open));
    const busyUs = Math.min(0xffff_ffff, Math.round((performance.now() - startMs) * 1000));
    cache.trim();
    return packVerifyReply(message.requestId, busyUs, statuses);
  }

  return { serve: new Map([[FRAME_TYPES.verify, verify]]), close: () => cache.clear() };
}

function verifyItems(message: ItemMessage, keys: readonly (VerifyingKey | Failure)[]): Uint8Array {
  const { itemCount, table, payloads, signatures, schemes } = message;
  const statuses = new Uint8Array(itemCount);
  const functions = new Map<number, VerifyFunction | Failure>();
  let payloadAt = 0;
  let signatureAt = 0;
  for (let index = 0, entry = 0; index < itemCount; index++, entry += ITEM_STRIDE) {
    const keyIndex = table.readUInt16LE(entry);
    const schemeIndex = table.readUInt16LE(entry + 2);
    const payload = payloads.subarray(payloadAt, payloadAt + table.readUInt32LE(entry + 4));
    const signature = signatures.subarray(signatureAt, signatureAt + table.readUInt32LE(entry + 8));
    const pair = keyIndex * schemes.length + schemeIndex;
    let check = functions.get(pair);
    if (check === undefined) {
      check = compile(keys[keyIndex], schemes[schemeIndex]);
      functions.set(pair, check);
    }
    statuses[index] = typeof check === 'number' ? check : runCheck(check, payload, signature);
    payloadAt += payload.length;
    signatureAt += signature.length;
  }
  return statuses;
}

function runCheck(check: VerifyFunction, payload: Buffer, signature: Buffer): number {
  try {
    return check(payload, signature) ? VERIFY_STATUS_CODES.accepted : VERIFY_STATUS_CODES.rejected;
  } catch (error) {
    return failureOf(error);
  }
}

function compile(
  key: VerifyingKey | Failure | undefined,
  scheme: ItemMessage['schemes'][number] | undefined,
): VerifyFunction | Failure {
  if (key === undefined || scheme === undefined) return VERIFY_STATUS_CODES.unavailable;
  if (typeof key === 'number') return key;
  try {
    return key.verifier(scheme);
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof EngineFailure && error.code !== 'engine_error') return VERIFY_STATUS_CODES.invalid;
  logLine('engine-fault', describeError(error));
  return VERIFY_STATUS_CODES.unavailable;
}
