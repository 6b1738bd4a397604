/** A real service on an empty temporary folder, for a program that is going to talk to it. Loopback only. */
import { randomBytes, randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { HOST, type ManagedProcess, startProcess } from './managed-process.ts';

const LAUNCHER = resolve(import.meta.dirname, '..', '..', 'bin', 'countersign.mjs');

export interface ServiceProcess extends ManagedProcess {
  readonly host: string;
  /** The administrator's API key, as it stands after `Basic`. */
  readonly apiKey: string;
  readonly dataDir: string;
}

/** @param flags further flags of `countersign serve`
 *  @param env further variables
 *  @throws Error with the end of the service's log when it doesn't come up */
export async function startService(
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const apiKey = Buffer.from(`${randomUUID()}:${randomBytes(32).toString('base64url')}`).toString('base64');
  const started = await startProcess({
    name: 'the service',
    args: (port, folder) => [
      LAUNCHER,
      'serve',
      '--data-dir',
      join(folder, 'data'),
      '--listen',
      `${HOST}:${port}`,
      ...flags,
    ],
    env: { ...env, COUNTERSIGN_BOOTSTRAP_KEY: apiKey },
  });
  return { ...started, host: HOST, apiKey, dataDir: join(started.folder, 'data') };
}

export interface RelayProcess extends ManagedProcess {
  /** As `relay_address` and `--relay` take it. */
  readonly address: string;
  /** For `COUNTERSIGN_RELAY_KEY` of the servers. */
  readonly relayKey: string;
}

/** A relay as a program of its own. @throws Error with the end of its log when it doesn't come up */
export async function startRelay(): Promise<RelayProcess> {
  const relayKey = randomBytes(32).toString('base64url');
  const started = await startProcess({
    name: 'the relay',
    args: (port) => [LAUNCHER, 'relay', '--listen', `${HOST}:${port}`],
    env: { COUNTERSIGN_RELAY_KEY: relayKey },
  });
  return { ...started, address: `${HOST}:${started.port}`, relayKey };
}
