import { resolve } from 'node:path';
import { LOOPBACK_TARGETS, type OutboundAllowEntry } from './outbound-allow.ts';
import { type RelayConfig, relayConfigOf } from './relay-config.ts';
import { isLoopback } from './settings-rules.ts';
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
  readonly maxCeremonyItems: number;
  readonly allowFullExport: boolean;
  readonly shareBackup: SettingValues['share-backup'];
  readonly sessionSeconds: number;
  readonly allowInlineSign: boolean;
  readonly passkeys: { readonly relyingPartyId: string; readonly origins: readonly string[] };
  /** Absolute path of a file that the HTTP process may read; null: no prices. */
  readonly prices: { readonly path: string; readonly maxAgeSeconds: number } | null;
  /** Targets of calls to the outside that aren't public addresses. */
  readonly outboundAllow: readonly OutboundAllowEntry[];
  readonly relay: RelayConfig;
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
    maxCeremonyItems: settings['max-ceremony-items'],
    allowFullExport: settings['allow-full-export'],
    shareBackup: settings['share-backup'],
    sessionSeconds: settings['session-seconds'],
    allowInlineSign: settings['allow-inline-sign'],
    passkeys: { relyingPartyId: settings['webauthn-rp-id'], origins: settings['webauthn-origins'] },
    prices:
      settings['prices-file'] === undefined
        ? null
        : { path: resolve(settings['prices-file']), maxAgeSeconds: settings['prices-max-age-seconds'] },
    outboundAllow: settings['outbound-allow'] ?? (isLoopback(listen.host) ? LOOPBACK_TARGETS : []),
    relay: relayConfigOf(settings),
    logLevel: settings['log-level'],
  };
}
