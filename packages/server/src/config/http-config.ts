import { resolve } from 'node:path';
import type { SettingValues } from './settings-table.ts';

/** What the HTTP process needs to know, as plain data: it goes through the keeper, which doesn't look inside. */
export type HttpConfig = {
  readonly host: string;
  readonly port: number;
  /** Absolute paths of PEM files that the HTTP process may read; null: plain HTTP. */
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  /** Only looked at on an empty database. */
  readonly bootstrapKey: string | null;
  readonly maxBodyBytes: number;
  readonly maxBatchItems: number;
  readonly sessionSeconds: number;
  readonly allowInlineSign: boolean;
  readonly logLevel: SettingValues['log-level'];
};

export function httpConfigOf(settings: SettingValues): HttpConfig {
  const { listen, 'tls-cert': certPath, 'tls-key': keyPath } = settings;
  return {
    host: listen.host,
    port: listen.port,
    tls:
      certPath === undefined || keyPath === undefined
        ? null
        : { certPath: resolve(certPath), keyPath: resolve(keyPath) },
    bootstrapKey: settings['bootstrap-key'] ?? null,
    maxBodyBytes: settings['max-body-bytes'],
    maxBatchItems: settings['max-batch-items'],
    sessionSeconds: settings['session-seconds'],
    allowInlineSign: settings['allow-inline-sign'],
    logLevel: settings['log-level'],
  };
}
