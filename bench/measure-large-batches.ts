/** Memory and cost per item of batches beyond the default limits, on a service of their own that allows them. */
import { createDsmClient } from '../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';
import { startService } from '../scripts/demo/service-process.ts';
import { asRecord, measureThroughput, warmUp } from './measure-service.ts';
import { KEYS_PER_SUBJECT } from './measure-subject.ts';
import type { BenchOptions } from './options.ts';
import { bareEngineName } from './raw/bare-loop.ts';
import type { LargeBatch } from './results-file.ts';
import { makeKeys, prepareLoad } from './service/prepared-keys.ts';
import { SUBJECTS } from './subjects.ts';

export const SMALL_BATCH = 100;
export const LARGE_BATCH = 10_000;
/** A fast algorithm, since the cost of everything around the signature shows there. */
export const LARGE_BATCH_SUBJECT = 'P-256';

export async function measureLargeBatches(openssl: OtherOpenssl, options: BenchOptions): Promise<LargeBatch[]> {
  const subject = SUBJECTS.find(({ name }) => name === LARGE_BATCH_SUBJECT);
  if (subject === undefined) throw new Error('the subject of the large batches is gone');
  const engine = await bareEngineName(subject.task);
  const service = await startService(['--max-batch-items', String(LARGE_BATCH), '--max-body-bytes', '67108864']);
  const client = createDsmClient(service.host, service.port, service.apiKey);
  try {
    const keys = await makeKeys(client, subject, KEYS_PER_SUBJECT);
    const rows: LargeBatch[] = [];
    await warmUp(prepareLoad(service, keys, SMALL_BATCH));
    // The small ones first: memory only grows, and what the large ones need is to be seen.
    for (const batchSize of [SMALL_BATCH, LARGE_BATCH])
      for (const connections of options.largeBatchConnections) {
        const load = prepareLoad(service, keys, batchSize);
        const run = await measureThroughput(service, load, connections, options, openssl);
        rows.push({
          algorithm: subject.name,
          engine,
          batchSize,
          connections,
          itemsPerSecond: run.itemsPerSecond,
          cpuMicrosecondsPerItem: run.cpuMicroseconds,
          peakMemoryBytes: run.memory.bytes,
          peakMemoryByRole: asRecord(run.memory.byRole, 1),
          isProportional: run.memory.isProportional,
        });
      }
    return rows;
  } finally {
    client.close();
    await service.stop();
  }
}
