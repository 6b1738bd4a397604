/**
 * The HTTP process: database, core, dialects and the sockets to the sealed processes, put together. It loads no
 * native code and can't read the root key. Started by the keeper alone.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { installOnce } from '@countersign/core/install';
import { createKeys } from '@countersign/core/keys';
import { createPolicies } from '@countersign/core/policies';
import { BUILT_IN_RULES } from '@countersign/core/policy/built-in-rules';
import { createPrincipals } from '@countersign/core/principals';
import type { Services } from '@countersign/core/services';
import { createSessions } from '@countersign/core/sessions';
import { createSignBatch } from '@countersign/core/sign-batch';
import { createVerifyBatch } from '@countersign/core/verify-batch';
import { composeThreshold, type ThresholdService } from './compose-threshold.ts';
import type { HttpConfig } from './config/http-config.ts';
import { createCustodies } from './custody/custodies.ts';
import { SEALED_ROLES } from './custody/frames.ts';
import { KeylessVerifier } from './custody/keyless-verifier.ts';
import { SealedPools } from './custody/sealed-pools.ts';
import { DIALECTS } from './dialects/dialects.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { joinKeeper } from './keeper/keeper-link.ts';
import { createRelayMetrics } from './relay/relay-metrics.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';

/** Engines load and warm up before a signer says hello; an RSA self-test on a busy machine takes its time. */
const SIGNERS_READY_TIMEOUT_MS = 60_000;

/** Of the time that the keeper gives: for closing the pools and the database once the requests have ended. */
const CLOSING_MS = 3_000;
const POOLS_CLOSING_MS = 1_000;
const MIN_GRACE_MS = 500;

interface Running {
  readonly store: Store;
  readonly server: HttpServer;
  readonly threshold: ThresholdService;
}

const metrics = createMetrics();
let logger: Logger | undefined;
let running: Running | undefined;
let drainTimeoutMs = 0;
const signersReady = Promise.withResolvers<void>();

const pools = new SealedPools({
  onEvent: (event) => {
    if (event.event === 'wanted') {
      link.want(event.role);
      return;
    }
    const { role, index } = event;
    metrics.processes(role, pools[role].readyCount);
    if (event.event === 'lost') {
      const level = event.reason === 'drained' ? 'info' : 'warn';
      logger?.[level]({ role, index, reason: event.reason }, 'sealed process lost');
    } else
      logger?.info(
        {
          role,
          index,
          processId: event.hello.pid,
          isolation: event.hello.isolation,
          // It comes with its first work, after the others' engines were logged.
          ...(role === 'party' ? { engines: event.hello.engines } : {}),
        },
        'sealed process attached',
      );
    if (pools.signer.health() && pools.generator.health()) signersReady.resolve();
  },
});

const link = joinKeeper({
  attach: (role, index, incarnation, socket) => pools.attach(role, index, incarnation, socket),
  drain: async () => {
    await running?.server.drain(Math.max(MIN_GRACE_MS, drainTimeoutMs - CLOSING_MS));
    // Nobody waits any more for what is still under way then, such as a large RSA key that was cut.
    await Promise.race([pools.drain(), delay(POOLS_CLOSING_MS, undefined, { ref: false })]);
    running?.threshold.close();
    await running?.store.close();
  },
});

const { config: plain, databasePath, drainTimeoutMs: givenMs } = await link.config;
drainTimeoutMs = givenMs;
// The keeper is ours and made this from checked settings; it isn't input.
const config = plain as unknown as HttpConfig;
const log = createLogger({ level: config.logLevel, process: 'http' });
logger = log;
try {
  running = await start(config, databasePath, log, metrics);
} catch (error) {
  // A taken port, a certificate that can't be read, a newer database: the text says which, a stack trace helps nobody.
  log.fatal({ reason: error instanceof Error ? error.message : 'unknown' }, 'the HTTP process could not start');
  process.exit(1);
}

async function start(config: HttpConfig, path: string, log: Logger, metrics: Metrics): Promise<Running> {
  const store = await openSqliteStore({ path, onCommit: (seconds, requests) => metrics.commit(seconds, requests) });
  const unknown = await store.closeOpenIntents();
  if (unknown > 0) log.warn({ intents: unknown }, 'intents without an outcome were closed as unknown');
  const installation = await installOnce(store.directory, config.bootstrapKey ?? undefined, Date.now());
  const threshold = composeThreshold(config, store, pools, log);
  const relayMetrics = createRelayMetrics(() => threshold.relay.stats());
  const services = composeServices(config, store, metrics, threshold);
  const server = createHttpServer({
    services,
    limits: {
      maxBodyBytes: config.maxBodyBytes,
      maxBatchItems: config.maxBatchItems,
      maxCeremonyItems: config.maxCeremonyItems,
    },
    relay: threshold.relay,
    dialects: DIALECTS,
    logger: log,
    metrics: {
      ...metrics,
      render: async () => {
        for (const role of SEALED_ROLES) metrics.queueDepth(role, pools[role].queuedItems);
        return (await metrics.render()) + (await relayMetrics.render());
      },
    },
    tls:
      config.tls === null
        ? undefined
        : { cert: readFileSync(config.tls.certPath), key: readFileSync(config.tls.keyPath) },
  });
  const address = await server.listen({ host: config.host, port: config.port });
  await Promise.race([
    signersReady.promise,
    new Promise((resolve) => setTimeout(resolve, SIGNERS_READY_TIMEOUT_MS).unref()),
  ]);
  for (const report of pools.engines()) log.info({ ...report, engine: report.engine ?? 'none' }, 'engine');
  link.ready(
    address,
    installation && {
      accountId: installation.accountId,
      groupId: installation.groupId,
      apiKey: installation.apiKeyText ?? null,
    },
  );
  return { store, server, threshold };
}

function composeServices(config: HttpConfig, store: Store, metrics: Metrics, threshold: ThresholdService): Services {
  const { keys, directory, journal } = store;
  const custodies = new Map([...createCustodies(pools), [threshold.custody.name, threshold.custody]]);
  const verifier = new KeylessVerifier(pools);
  const now = Date.now;
  const signBatch = createSignBatch({
    keys,
    directory,
    journal,
    custodies,
    verifier,
    rules: BUILT_IN_RULES,
    external: {
      policies: store.policies,
      ruleServers: threshold.ruleServers,
      resultingKey: threshold.resultingKey,
    },
    now,
    observe: (dialect, algorithm, outcome, count) => metrics.signed(dialect, algorithm, outcome, count),
  });
  const verifyBatch = createVerifyBatch({
    keys,
    directory,
    verifier,
    observe: (dialect, algorithm, outcome, count) => metrics.verified(dialect, algorithm, outcome, count),
  });
  return {
    sessions: createSessions({ directory, now, sessionSeconds: config.sessionSeconds }),
    keys: createKeys({ keys, directory, custodies, now, allowInlineSign: config.allowInlineSign }),
    threshold: threshold.keys,
    principals: createPrincipals({ directory, keys, now }),
    policies: createPolicies({
      policies: store.policies,
      directory,
      keys,
      threshold: store.threshold,
      refuseUrl: (url) => threshold.outbound.refuseUrl(url),
      now,
    }),
    signBatch: (caller, items) => {
      metrics.batch(caller.dialect, 'sign', items.length);
      return signBatch(caller, items);
    },
    verifyBatch: (caller, items) => {
      metrics.batch(caller.dialect, 'verify', items.length);
      return verifyBatch(caller, items);
    },
    canSign: async () => {
      if (!pools.health()) return false;
      return store.health().then(
        () => true,
        () => false,
      );
    },
  };
}
