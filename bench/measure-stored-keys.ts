/** Whether many stored keys make signing dearer. */
import { createDsmClient, type DsmClient, type DsmKey } from '../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import { startService } from '../scripts/demo/service-process.ts';
import { measureThroughput, warmUp } from './measure-service.ts';
import { KEYS_PER_SUBJECT } from './measure-subject.ts';
import type { BenchOptions } from './options.ts';
import type { StoredKeys } from './results-file.ts';
import { makeKeys, prepareLoad } from './service/prepared-keys.ts';
import { SUBJECTS, type Subject } from './subjects.ts';

const SUBJECT = 'P-256';
const BATCH_SIZE = 1000;
const CONNECTIONS = 8;
const CREATE_CONCURRENCY = 48;
/** Keys that take turns when signing is spread: requests name 1,000 each, ten of them. */
const SPREAD_KEYS = 10_000;

export async function measureStoredKeys(openssl: OtherOpenssl, options: BenchOptions): Promise<StoredKeys> {
  const subject = SUBJECTS.find(({ name }) => name === SUBJECT);
  if (subject === undefined) throw new Error('the subject of the stored keys is gone');
  const service = await startService();
  const client = createDsmClient(service.host, service.port, service.apiKey);
  try {
    const ten = await makeKeys(client, subject, KEYS_PER_SUBJECT);
    const tenLoad = prepareLoad(service, ten, BATCH_SIZE);
    await warmUp(tenLoad);
    const before = await measureThroughput(service, tenLoad, CONNECTIONS, options, openssl);
    const startedMs = performance.now();
    const keys = await createMany(client, subject, options.storedKeys);
    const insertSeconds = (performance.now() - startedMs) / 1000;
    const after = await measureThroughput(service, tenLoad, CONNECTIONS, options, openssl);
    const step = Math.max(1, Math.floor(keys.length / SPREAD_KEYS));
    const spread = keys.filter((_, index) => index % step === 0);
    const spreadLoad = prepareLoad(service, { subject, keys: spread }, BATCH_SIZE, spread.length);
    const spreadRun = await measureThroughput(service, spreadLoad, CONNECTIONS, options, openssl);
    return {
      algorithm: subject.name,
      storedKeys: keys.length + KEYS_PER_SUBJECT,
      insertSeconds,
      batchSize: BATCH_SIZE,
      connections: CONNECTIONS,
      tenKeysBefore: before.itemsPerSecond,
      tenKeysAfter: after.itemsPerSecond,
      spreadKeys: spreadRun.itemsPerSecond,
      spreadOver: spread.length,
      peakMemoryBytes: Math.max(after.memory.bytes, spreadRun.memory.bytes),
    };
  } finally {
    client.close();
    await service.stop();
  }
}

async function createMany(client: DsmClient, subject: Subject, count: number): Promise<DsmKey[]> {
  const keys: DsmKey[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < count) {
      const index = started++;
      keys.push(await client.createKey({ name: `stored ${index}`, ...subject.key }));
    }
  };
  await Promise.all(Array.from({ length: CREATE_CONCURRENCY }, worker));
  return keys;
}
