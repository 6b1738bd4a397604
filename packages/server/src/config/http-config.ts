/** The part of the settings that the HTTP process gets, as plain data over the keeper's channel. */
import type { LOG_LEVELS, SettingValues } from './settings-table.ts';

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Paths of PEM files; null: plain HTTP. */
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  /** The first administrator's API key, for the first start only; null: made. */
  readonly bootstrapKey: string | null;
  readonly maxBodyBytes: number;
  readonly maxBatchItems: number;
  readonly sessionSeconds: number;
  readonly allowInlineSign: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export function httpConfigOf(settings: SettingValues): HttpConfig {
  const certPath = settings['tls-cert'];
  const keyPath = settings['tls-key'];
  return {
    host: settings.listen.host,
    port: settings.listen.port,
    tls: certPath === undefined || keyPath === undefined ? null : { certPath, keyPath },
    bootstrapKey: settings['bootstrap-key'] ?? null,
    maxBodyBytes: settings['max-body-bytes'],
    maxBatchItems: settings['max-batch-items'],
    sessionSeconds: settings['session-seconds'],
    allowInlineSign: settings['allow-inline-sign'],
    logLevel: settings['log-level'],
  };
}
