/** `countersign serve`: settings, keeper, and what the first start has to say. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpConfigOf } from '../config/http-config.ts';
import { environmentName, type Setting } from '../config/setting.ts';
import { describeSettings, readSettings } from '../config/settings.ts';
import { SETTING_NAMES, SETTINGS, type SettingValues } from '../config/settings-table.ts';
import { type Keeper, startKeeper } from '../keeper/keeper.ts';
import type { KeeperSettings } from '../keeper/keeper-settings.ts';
import type { RootKeySource } from '../keeper/root-key-source.ts';
import { StartRefused } from '../keeper/start-refused.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { CommandIo, ExitCode } from './command.ts';
import { firstStartText, readFirstStart } from './first-start-text.ts';
import { watchLauncher } from './watch-launcher.ts';

/** Runs until a signal ends it. @returns 0 after a clean drain, 1 after a failure, 2 where it refused to start */
export async function runService(
  argv: readonly string[],
  io: CommandIo,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ExitCode> {
  const outcome = readSettings(argv, env);
  if (!outcome.ok) {
    io.stderr(`countersign doesn't start with these settings:\n`);
    for (const problem of outcome.problems) io.stderr(`  - ${problem}\n`);
    io.stderr('"countersign help serve" lists them all.\n');
    return 2;
  }
  const { settings } = outcome;
  forgetSecrets(env);
  const logger = createLogger({ level: settings['log-level'], process: 'keeper' });
  logger.info({ settings: describeSettings(settings) }, 'starting');
  let keeper: Keeper;
  try {
    keeper = await startKeeper(keeperSettingsOf(settings, env), { logger });
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    io.stderr(`countersign didn't start (${error.code}): ${error.message}\n`);
    return 2;
  }
  watchLauncher(env, () => void keeper.stop());
  const firstStart = readFirstStart(keeper.firstStart);
  if (firstStart !== undefined) io.stdout(`\n${firstStartText(keeper.address, firstStart)}`);
  io.stdout(`Countersign serves on ${keeper.address} with its data in ${settings['data-dir']}.\n`);
  return keeper.finished;
}

function keeperSettingsOf(settings: SettingValues, env: NodeJS.ProcessEnv): KeeperSettings {
  const http = httpConfigOf(settings);
  const libraries = ['COUNTERSIGN_LIBSECP256K1', 'COUNTERSIGN_LIBSODIUM'].flatMap((name) => {
    const path = env[name];
    return path === undefined ? [] : [[name, path] as const];
  });
  return {
    dataDir: settings['data-dir'],
    rootKeySource: rootKeySourceOf(settings),
    signers: settings.signers,
    httpEntry: fileURLToPath(new URL('../http-main.ts', import.meta.url)),
    sealedEntry: fileURLToPath(new URL('../custody/sealed/main.ts', import.meta.url)),
    httpConfig: http,
    httpReads: [
      ...(http.tls === null ? [] : [http.tls.certPath, http.tls.keyPath]),
      ...(http.prices === null ? [] : [http.prices.path]),
    ],
    sealedEnvironment: Object.fromEntries(libraries),
    roleEnvironment: { party: partyEnvironment(settings) },
    drainTimeoutMs: settings['drain-seconds'] * 1000,
  };
}

/** What decides whether secrets may leave isn't for the HTTP process to say. */
function partyEnvironment(settings: SettingValues): Readonly<Record<string, string>> {
  const { 'share-backup-key': key } = settings;
  return {
    COUNTERSIGN_PARTY_FULL_EXPORT: String(settings['allow-full-export']),
    COUNTERSIGN_PARTY_SHARE_BACKUP: settings['share-backup'],
    ...(key === undefined ? {} : { COUNTERSIGN_PARTY_SHARE_BACKUP_KEY: key }),
  };
}

function rootKeySourceOf(settings: SettingValues): RootKeySource {
  const { 'root-key': encoded, 'root-passphrase': passphrase, 'root-key-file': path } = settings;
  if (encoded !== undefined) return { kind: 'environment', encoded };
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
  // A file that somebody names has to be there: a mistyped path must not become a new root key.
  if (path !== undefined) return { kind: 'file', path, create: false };
  return { kind: 'file', path: join(settings['data-dir'], 'root.key'), create: true };
}

/** Takes every secret out of the environment, where a child or a report would find it. */
function forgetSecrets(env: NodeJS.ProcessEnv): void {
  for (const name of SETTING_NAMES) {
    const { secret }: Setting<unknown> = SETTINGS[name];
    if (secret) delete env[environmentName(name)];
  }
}
