/** For tests: the whole service in this process, on loopback, with a clock that the test moves and webhooks that are sent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '@countersign/core/install';
import { createThresholdKeys } from '@countersign/core/threshold/create-threshold-keys';
import { composeServices, type ServiceParts } from '../src/compose-services.ts';
import { LOOPBACK_TARGETS } from '../src/config/outbound-allow.ts';
import { DIALECTS } from '../src/dialects/dialects.ts';
import { createHttpServer } from '../src/http/http-server.ts';
import { createOutboundClient } from '../src/outbound/outbound-client.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { eventFactsFrom } from '../src/webhooks/event-facts.ts';
import { createWebhookSender } from '../src/webhooks/http-webhook-sender.ts';
import { ABSENT_CEREMONIES } from './absent-ceremonies.ts';
import { createInProcessCustody } from './in-process-custody.ts';
import { QUIET_PARTS } from './test-parts.ts';

export interface DfnsService {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The administrator's, of the other dialects and of our own. */
  readonly apiKey: string;
  readonly store: Store;
  /** Moves the service's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export async function startDfnsService(
  parts: Partial<Pick<ServiceParts, 'prices' | 'passkeys'>> = {},
): Promise<DfnsService> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-dfns-'));
  let skewMs = 0;
  const now = (): number => Date.now() + skewMs;
  const store = await openSqliteStore({
    path: join(folder, 'test.sqlite'),
    serviceKey: new Uint8Array(32).fill(7),
    now,
  });
  const installation = await installOnce(store.directory, undefined, now());
  if (installation?.apiKeyText === undefined) throw new Error('the database was not empty');
  const { custody, verifier } = await createInProcessCustody();
  const client = createOutboundClient({ allow: LOOPBACK_TARGETS });
  const { policies, clusters, threshold } = store;
  const composed = composeServices({
    ...QUIET_PARTS,
    ...parts,
    store,
    custodies: new Map([[custody.name, custody]]),
    verifier,
    threshold: createThresholdKeys({
      shares: threshold,
      ceremonies: ABSENT_CEREMONIES,
      clusters,
      policies,
      now,
      allowFullExport: false,
      record: (event) => store.log.appendEvent(event),
      onBackgroundFault: () => {},
    }),
    webhookSender: createWebhookSender({ client, dialects: DIALECTS, facts: eventFactsFrom(store), now }),
    refuseUrl: (url) => client.refuseUrl(url),
    now,
  });
  const server = createHttpServer({
    dialects: DIALECTS,
    services: composed.services,
    limits: { maxBodyBytes: 512 * 1024, maxBatchItems: 1000, maxCeremonyItems: 1000 },
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  await composed.start();
  return {
    url: address,
    apiKey: installation.apiKeyText,
    store,
    advance(ms) {
      skewMs += ms;
    },
    async close() {
      await server.drain(1000);
      await composed.stop();
      client.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
