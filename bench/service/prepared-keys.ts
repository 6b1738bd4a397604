/** The keys of one algorithm in the service under test, and the requests that sign with them. */
import type { DsmBatchItem, DsmClient, DsmKey } from '../../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../../scripts/demo/other-openssl.ts';
import type { ServiceProcess } from '../../scripts/demo/service-process.ts';
import type { KeptResponse } from '../load/closed-loop.ts';
import { encodeRequest, type LoadTarget } from '../load/load-target.ts';
import type { Subject } from '../subjects.ts';

export interface PreparedKeys {
  readonly subject: Subject;
  readonly keys: readonly DsmKey[];
}

/** A load, and what to check its answers against. */
export interface SigningLoad {
  readonly target: LoadTarget;
  /** @throws Error when an item failed or a sampled signature doesn't verify */
  readonly check: (kept: readonly KeptResponse[], openssl: OtherOpenssl) => Promise<void>;
}

interface LoadItem {
  readonly key: DsmKey;
  readonly message: Buffer;
}

const CHECKED_PER_RESPONSE = 8;
/** Enough requests that ten keys and many messages take turns, also in requests of one item. */
const ITEMS_IN_TURN = 200;
const MIN_REQUESTS = 4;

export async function makeKeys(client: DsmClient, subject: Subject, count: number): Promise<PreparedKeys> {
  const keys: DsmKey[] = [];
  for (let i = 0; i < count; i++)
    keys.push(await client.createKey({ name: `${subject.name} ${i} ${crypto.randomUUID()}`, ...subject.key }));
  return { subject, keys };
}

/** Requests of `batchSize` items to `keys/batch/sign`, or of one to `sign`; together at least `itemsInTurn`. */
export function prepareLoad(
  service: ServiceProcess,
  { subject, keys }: PreparedKeys,
  batchSize: number | 'single',
  itemsInTurn = ITEMS_IN_TURN,
): SigningLoad {
  const { host, port, apiKey } = service;
  const itemsPerRequest = batchSize === 'single' ? 1 : batchSize;
  const requestCount = Math.max(MIN_REQUESTS, Math.ceil(itemsInTurn / itemsPerRequest));
  let next = 0;
  const contents = Array.from({ length: requestCount }, () =>
    Array.from({ length: itemsPerRequest }, (): LoadItem => {
      const key = keys[next % keys.length];
      if (key === undefined) throw new Error('no keys');
      return { key, message: Buffer.from(`message ${next++} for the service to sign`) };
    }),
  );
  const requests = contents.map((items) => {
    const wire = items.map(({ key, message }) => ({ key: { kid: key.kid }, ...subject.item(message) }));
    return batchSize === 'single'
      ? encodeRequest(host, port, '/crypto/v1/sign', apiKey, wire[0])
      : encodeRequest(host, port, '/crypto/v1/keys/batch/sign', apiKey, wire);
  });
  return {
    target: { host, port, requests, itemsPerRequest },
    async check(kept, openssl) {
      for (const { requestIndex, body } of kept) {
        const items = contents[requestIndex] ?? [];
        await checkAnswers(subject, items, readAnswers(body, batchSize === 'single'), openssl);
      }
    },
  };
}

function readAnswers(body: Buffer, isSingle: boolean): readonly DsmBatchItem[] {
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  if (isSingle) return [{ status: 200, body: parsed as { signature: string } }];
  if (!Array.isArray(parsed)) throw new Error('the answer to a batch is no array');
  return parsed as readonly DsmBatchItem[];
}

async function checkAnswers(
  subject: Subject,
  items: readonly LoadItem[],
  answers: readonly DsmBatchItem[],
  openssl: OtherOpenssl,
): Promise<void> {
  if (answers.length !== items.length) throw new Error(`${answers.length} answers to ${items.length} items`);
  if (answers.some(({ status }) => status !== 200)) throw new Error(`${subject.name}: an item failed`);
  const step = Math.max(1, Math.floor(items.length / CHECKED_PER_RESPONSE));
  for (let index = 0; index < items.length; index += step) {
    const item = items[index];
    const signature = answers[index]?.body?.signature;
    if (item === undefined || signature === undefined) throw new Error(`${subject.name}: no signature`);
    const bytes = Buffer.from(signature, 'base64');
    if (!(await subject.verify(item.key.publicKey, item.message, bytes, openssl)))
      throw new Error(`${subject.name}: a signature doesn't verify`);
  }
}
