/** `countersign relay`: settings, the relay and its listener, and its end by a signal. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relayConfigOf } from '../config/relay-config.ts';
import { environmentName } from '../config/setting.ts';
import { describeSettings, readSettings } from '../config/settings.ts';
import type { SettingValues } from '../config/settings-table.ts';
import { createRelayListener, type RelayListener } from '../relay/relay-listener.ts';
import { createRelayMetrics } from '../relay/relay-metrics.ts';
import { createRelay } from '../relay/relay-server.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { CommandIo, ExitCode } from './command.ts';
import { watchLauncher } from './watch-launcher.ts';

/** As shells count: 128 + the signal's number. */
const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXITS;
const STOP_SIGNALS = Object.keys(SIGNAL_EXITS) as StopSignal[];

const FAILED = 1;
const REFUSED = 2;

/** Runs until a signal ends it. @returns 0 after a clean end, 1 after a failure, 2 where it refused to start */
export async function runRelay(
  argv: readonly string[],
  io: CommandIo,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ExitCode> {
  const outcome = readSettings(argv, env, 'relay');
  if (!outcome.ok) {
    io.stderr(`countersign relay doesn't start with these settings:\n`);
    for (const problem of outcome.problems) io.stderr(`  - ${problem}\n`);
    io.stderr('"countersign help relay" lists them all.\n');
    return REFUSED;
  }
  const { settings } = outcome;
  delete env[environmentName('relay-key')];
  const logger = createLogger({ level: settings['log-level'], process: 'relay' });
  logger.info({ settings: describeSettings(settings, 'relay') }, 'starting');
  const { keys, roomPrefix, limits } = relayConfigOf(settings);
  const newKey = keys.length === 0 ? randomBytes(32).toString('base64url') : undefined;
  const relay = createRelay({
    limits,
    roomPrefix,
    relayKeys: newKey === undefined ? keys : [newKey],
    onConnectionEnd: (reason) => {
      if (reason !== 'gone' && reason !== 'idle') logger.info({ reason }, 'a connection was ended');
    },
  });
  let listener: RelayListener;
  let address: string;
  try {
    listener = createRelayListener({
      relay,
      maxConnections: limits.maxConnections,
      metrics: createRelayMetrics(() => relay.stats(), { process: true }),
      tls: readTls(settings),
    });
    address = await listener.listen(settings.listen);
  } catch (error) {
    io.stderr(`countersign relay didn't start: ${error instanceof Error ? error.message : 'unknown reason'}\n`);
    await relay.close(0);
    return REFUSED;
  }
  const ended = endBySignal(listener, settings['drain-seconds'] * 1000, env, (signal) => {
    const { activeRooms, connections } = relay.stats();
    logger.info({ signal, activeRooms, connections }, 'stopping');
  });
  if (newKey !== undefined)
    io.stdout(
      `\nNo key was given, so this one was made, for as long as the relay runs. Servers need it to make rooms:\n\n` +
        `    ${environmentName('relay-key')}=${newKey}\n\n`,
    );
  io.stdout(`Countersign relays on ${address}.\n`);
  return ended;
}

/** The first signal lets the rooms finish, the second ends it at once. */
function endBySignal(
  listener: RelayListener,
  graceMs: number,
  env: NodeJS.ProcessEnv,
  onStop: (signal: StopSignal) => void,
): Promise<ExitCode> {
  const { promise, resolve } = Promise.withResolvers<ExitCode>();
  let isStopping = false;
  const stop = (signal: StopSignal): void => {
    // Its sockets are still open then, and would keep the process.
    if (isStopping) process.exit(SIGNAL_EXITS[signal]);
    isStopping = true;
    onStop(signal);
    listener.close(graceMs).then(
      () => resolve(0),
      () => resolve(FAILED),
    );
  };
  const listeners = STOP_SIGNALS.map((signal) => [signal, () => stop(signal)] as const);
  for (const [signal, onSignal] of listeners) process.on(signal, onSignal);
  watchLauncher(env, () => stop('SIGTERM'));
  return promise.finally(() => {
    for (const [signal, onSignal] of listeners) process.off(signal, onSignal);
  });
}

/** @throws when a file can't be read */
function readTls(settings: SettingValues): { readonly cert: Buffer; readonly key: Buffer } | undefined {
  const { 'tls-cert': certPath, 'tls-key': keyPath } = settings;
  if (certPath === undefined || keyPath === undefined) return undefined;
  return { cert: readFileSync(certPath), key: readFileSync(keyPath) };
}
