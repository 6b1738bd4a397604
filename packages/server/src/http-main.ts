/**
 * The HTTP process: database, core, dialects and the sockets to the sealed processes, put together. It loads no
 * native code and can't read the root key. Started by the keeper alone.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { installOnce } from '@countersign/core/install';
import { NO_PRICES } from '@countersign/core/ports/price-source';
import { type ComposedServices, composeServices } from './compose-services.ts';
import { composeThreshold, type ThresholdService } from './compose-threshold.ts';
import type { HttpConfig } from './config/http-config.ts';
import { createCustodies } from './custody/custodies.ts';
import { SEALED_ROLES } from './custody/frames.ts';
import { KeylessVerifier } from './custody/keyless-verifier.ts';
import { SealedPools } from './custody/sealed-pools.ts';
import { renderTokenClaims } from './dialects/dfns/token-claims.ts';
import { DIALECTS } from './dialects/dialects.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { joinKeeper } from './keeper/keeper-link.ts';
import { createSimpleWebauthnPasskeys } from './passkeys/simple-webauthn-passkeys.ts';
import { openPriceFile } from './prices/price-file.ts';
import { createRelayMetrics } from './relay/relay-metrics.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { eventFactsFrom } from './webhooks/event-facts.ts';
import { createWebhookSender } from './webhooks/http-webhook-sender.ts';

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
  readonly commands: ComposedServices;
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
    await Promise.race([running?.commands.stop(), delay(POOLS_CLOSING_MS, undefined, { ref: false })]);
    running?.threshold.close();
    await running?.store.close();
  },
});

const { config: plain, databasePath, serviceKey, drainTimeoutMs: givenMs } = await link.config;
drainTimeoutMs = givenMs;
// The keeper is ours and made this from checked settings; it isn't input.
const config = plain as unknown as HttpConfig;
const log = createLogger({ level: config.logLevel, process: 'http' });
logger = log;
try {
  running = await start(config, databasePath, Buffer.from(serviceKey, 'base64'), log, metrics);
} catch (error) {
  // A taken port, a certificate that can't be read, a newer database: the text says which, a stack trace helps nobody.
  log.fatal({ reason: error instanceof Error ? error.message : 'unknown' }, 'the HTTP process could not start');
  process.exit(1);
}

async function start(
  config: HttpConfig,
  path: string,
  serviceKey: Uint8Array,
  log: Logger,
  metrics: Metrics,
): Promise<Running> {
  const store = await openSqliteStore({
    path,
    serviceKey,
    onCommit: (seconds, requests) => metrics.commit(seconds, requests),
  });
  const unknown = await store.closeOpenIntents();
  if (unknown > 0) log.warn({ intents: unknown }, 'intents without an outcome were closed as unknown');
  const installation = await installOnce(store.directory, config.bootstrapKey ?? undefined, Date.now());
  const threshold = composeThreshold(config, store, pools, log);
  const relayMetrics = createRelayMetrics(() => threshold.relay.stats());
  const commands = composeCommands(config, store, metrics, threshold, serviceKey, log);
  const server = createHttpServer({
    services: commands.services,
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
  const resumed = await commands.start();
  if (resumed > 0) log.info({ requests: resumed }, 'requests of the former run are signed now');
  return { store, server, threshold, commands };
}

function composeCommands(
  config: HttpConfig,
  store: Store,
  metrics: Metrics,
  threshold: ThresholdService,
  serviceKey: Uint8Array,
  log: Logger,
): ComposedServices {
  const report = (fault: unknown, what: string): void => {
    log.warn({ reason: fault instanceof Error ? fault.message : 'unknown' }, what);
  };
  const prices =
    config.prices === null
      ? NO_PRICES
      : openPriceFile({
          path: config.prices.path,
          maxAgeMs: config.prices.maxAgeSeconds * 1000,
          now: Date.now,
          onFault: (reason) => log.warn({ reason }, 'the prices file cannot be used'),
        });
  const { relyingPartyId, origins } = config.passkeys;
  const composed = composeServices({
    store,
    custodies: new Map([...createCustodies(pools), [threshold.custody.name, threshold.custody]]),
    verifier: new KeylessVerifier(pools),
    threshold: threshold.keys,
    external: {
      policies: store.policies,
      ruleServers: threshold.ruleServers,
      resultingKey: threshold.resultingKey,
    },
    passkeys: createSimpleWebauthnPasskeys({ relyingParty: { id: relyingPartyId, name: 'Countersign' }, origins }),
    prices,
    webhookSender: createWebhookSender({
      client: threshold.outbound,
      dialects: DIALECTS,
      facts: eventFactsFrom(store),
      now: Date.now,
    }),
    renderClaims: renderTokenClaims,
    decoyKey: createHmac('sha256', serviceKey).update('countersign/decoy-credentials/v1').digest(),
    refuseUrl: (url) => threshold.outbound.refuseUrl(url),
    now: Date.now,
    sessionSeconds: config.sessionSeconds,
    allowInlineSign: config.allowInlineSign,
    observeSigning: (dialect, algorithm, outcome, count) => metrics.signed(dialect, algorithm, outcome, count),
    observeVerification: (dialect, algorithm, outcome, count) => metrics.verified(dialect, algorithm, outcome, count),
    canSign: async () => {
      if (!pools.health()) return false;
      return store.health().then(
        () => true,
        () => false,
      );
    },
    report,
  });
  const { signBatch, verifyBatch } = composed.services;
  return {
    ...composed,
    services: {
      ...composed.services,
      signBatch: (caller, items) => {
        metrics.batch(caller.dialect, 'sign', items.length);
        return signBatch(caller, items);
      },
      verifyBatch: (caller, items) => {
        metrics.batch(caller.dialect, 'verify', items.length);
        return verifyBatch(caller, items);
      },
    },
  };
}
