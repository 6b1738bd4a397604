/** Signs any number of digests and messages: cut into requests that the service takes, some of them at once. */
import { type Api, type CallOptions, dataOf } from './api.ts';
import { fromBase64 } from './base64.ts';
import { CountersignError, readErrorCode } from './countersign-error.ts';
import type { components } from './generated/api.ts';
import { type KeyChoice, type PlainContent, wireContent, wireKey } from './item-content.ts';

type WireItem = components['schemas']['SigningItem'];
type WireResult = components['schemas']['SigningResult'];

export type ItemToSign = KeyChoice &
  PlainContent & {
    /** Where the other parties of a threshold key are met. */
    readonly ceremony?: { readonly room: string; readonly relay?: string };
  };

export type SignResult =
  /** `signature`: DER for ECDSA, otherwise the bytes of the algorithm's standard. */
  | { readonly status: 'signed'; readonly keyId: string; readonly signature: Uint8Array }
  /** People have to approve: wait for the request. */
  | { readonly status: 'pending'; readonly requestId: string; readonly approvalId: string }
  /** `denied` by policy, `failed` for any other reason. */
  | { readonly status: 'denied' | 'failed'; readonly error: CountersignError };

export interface SignProgress {
  /** Items whose result is known. */
  readonly done: number;
  readonly total: number;
  /** Results that became known with this call, and the place of the first one. */
  readonly from: number;
  readonly results: readonly SignResult[];
}

export interface SignBatchOptions extends CallOptions {
  /** After every request, in the order of the answers. What it throws ends the batch. */
  readonly onProgress?: (progress: SignProgress) => void;
  /** Most items of one request; default 500. The service refuses more than its --max-batch-items. */
  readonly chunkSize?: number;
  /** Most requests at once; default 4. */
  readonly concurrency?: number;
}

const DEFAULT_CHUNK_SIZE = 500;
const DEFAULT_CONCURRENCY = 4;
/** Below the service's default for a body. */
const MAX_CHUNK_BYTES = 400_000;

interface Chunk {
  readonly from: number;
  readonly items: WireItem[];
}

/**
 * A result for each item, in the order of the items, whatever becomes of its neighbours: a request that fails as a whole is
 * the failure of its items. Where no later one could do better (nobody there, not allowed in, given up), the rest isn't
 * sent and fails with the same error. Rejects only for wrong options, and with what `onProgress` throws.
 *
 * A threshold key's items are met in rooms of one request: give them a `chunkSize` that keeps them together.
 */
export async function signBatch(
  api: Api,
  items: readonly ItemToSign[],
  options: SignBatchOptions = {},
): Promise<readonly SignResult[]> {
  const { chunkSize = DEFAULT_CHUNK_SIZE, concurrency = DEFAULT_CONCURRENCY, onProgress, signal } = options;
  for (const [name, value] of Object.entries({ chunkSize, concurrency }))
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1`);

  const waiting = cutIntoChunks(items.map(wireItem), chunkSize);
  const results = new Array<SignResult>(items.length);
  let done = 0;
  let lastError: CountersignError | undefined;

  const keep = ({ from }: Chunk, known: readonly SignResult[]): void => {
    for (const [index, result] of known.entries()) results[from + index] = result;
    done += known.length;
    try {
      onProgress?.({ done, total: items.length, from, results: known });
    } catch (error) {
      lastError ??= new CountersignError('aborted', 'the batch was given up');
      throw error;
    }
  };

  async function work(): Promise<void> {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      if (lastError !== undefined) {
        keep(chunk, failures(chunk, lastError));
        continue;
      }
      const answered = await attempt(chunk);
      if (!(answered instanceof CountersignError)) keep(chunk, answered);
      // Refused before anything was done: the service's limits are narrower than ours.
      else if (answered.code === 'too_large' && chunk.items.length > 1) waiting.unshift(...halves(chunk));
      else {
        if (isHopeless(answered)) lastError = answered;
        keep(chunk, failures(chunk, answered));
      }
    }
  }

  const attempt = (chunk: Chunk): Promise<readonly SignResult[] | CountersignError> =>
    signChunk(api, chunk, signal).catch((error: unknown) => failureOf(error, signal));

  await Promise.all(Array.from({ length: Math.min(concurrency, waiting.length) }, work));
  return results;
}

async function signChunk(api: Api, { items }: Chunk, signal: AbortSignal | undefined): Promise<readonly SignResult[]> {
  const { results } = await dataOf(api.POST('/api/v1/signatures', { body: { items }, ...(signal && { signal }) }));
  if (results.length !== items.length)
    throw new CountersignError('unexpected_answer', `${results.length} results for ${items.length} items`);
  return results.map(readResult);
}

function wireItem(item: ItemToSign): WireItem {
  return { ...wireKey(item), ...wireContent(item), ...(item.ceremony !== undefined && { ceremony: item.ceremony }) };
}

function readResult({ status, keyId, signature, requestId, approvalId, error }: WireResult): SignResult {
  if (status === 'signed' && keyId !== undefined && signature !== undefined)
    return { status, keyId, signature: fromBase64(signature) };
  if (status === 'pending' && requestId !== undefined && approvalId !== undefined)
    return { status, requestId, approvalId };
  if ((status === 'denied' || status === 'failed') && error !== undefined)
    return { status, error: new CountersignError(readErrorCode(error.code), error.message) };
  return {
    status: 'failed',
    error: new CountersignError('unexpected_answer', `a result of status ${status} without its members`),
  };
}

function cutIntoChunks(items: readonly WireItem[], chunkSize: number): Chunk[] {
  const chunks: { readonly from: number; readonly items: WireItem[]; bytes: number }[] = [];
  for (const [index, item] of items.entries()) {
    const bytes = JSON.stringify(item).length;
    const last = chunks.at(-1);
    if (last === undefined || last.items.length >= chunkSize || last.bytes + bytes > MAX_CHUNK_BYTES)
      chunks.push({ from: index, items: [item], bytes });
    else {
      last.items.push(item);
      last.bytes += bytes;
    }
  }
  return chunks;
}

function halves({ from, items }: Chunk): readonly Chunk[] {
  const middle = items.length >> 1;
  return [
    { from, items: items.slice(0, middle) },
    { from: from + middle, items: items.slice(middle) },
  ];
}

function failures({ items }: Chunk, error: CountersignError): readonly SignResult[] {
  return items.map(() => ({ status: 'failed', error }));
}

function failureOf(error: unknown, signal: AbortSignal | undefined): CountersignError {
  if (error instanceof CountersignError) return error;
  if (signal?.aborted === true)
    return new CountersignError('aborted', 'the batch was given up while this item was on its way', { cause: error });
  throw error;
}

const HOPELESS: ReadonlySet<string> = new Set([
  'unauthenticated',
  'session_expired',
  'proof_required',
  'forbidden',
  'unreachable',
  'unexpected_answer',
  'aborted',
]);

function isHopeless({ code }: CountersignError): boolean {
  return HOPELESS.has(code);
}
