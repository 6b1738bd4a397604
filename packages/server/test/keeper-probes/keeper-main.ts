/** A keeper for tests: settings as JSON in its first argument, events as JSON lines on standard output. */
import { startKeeper } from '../../src/keeper/keeper.ts';
import type { KeeperSettings } from '../../src/keeper/keeper-settings.ts';
import { StartRefused } from '../../src/keeper/start-refused.ts';

const settings = JSON.parse(process.argv[2] ?? '') as KeeperSettings;
const print = (event: string, fields: object): void => console.log(JSON.stringify({ event, ...fields }));
const log =
  (level: string) =>
  (fields: object, message: string): void =>
    print('log', { level, message, ...fields });

try {
  const startedAt = performance.now();
  const keeper = await startKeeper(settings, {
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
  });
  print('ready', { address: keeper.address, processes: keeper.processes(), ms: performance.now() - startedAt });
  process.stdin.on('data', () => print('processes', { processes: keeper.processes() }));
  process.stdin.on('error', () => undefined);
  process.exitCode = await keeper.finished;
  print('finished', { exitCode: process.exitCode });
  process.stdin.destroy();
} catch (error) {
  if (!(error instanceof StartRefused)) throw error;
  print('refused', { code: error.code, message: error.message });
  process.exitCode = 2;
}
