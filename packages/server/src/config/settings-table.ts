/** Every setting of `countersign serve`. A new one is one entry here: flags, environment, file, help and docs follow. */
import { availableParallelism } from 'node:os';
import { parseApiKey } from '@countersign/core/api-key';
import type { ParsedSetting, Setting } from './setting.ts';
import { listenAddress, oneOf, onOff, optional, text, wholeNumber } from './setting-parsers.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const setting = <T>(entry: Setting<T>): Setting<T> => entry;

export const SETTINGS = {
  'data-dir': setting<string>({
    parse: text,
    form: 'FOLDER',
    fallback: './data',
    help: 'Where keys, log and root key file live; made at the first start. One server per folder.',
  }),
  listen: setting({
    parse: listenAddress,
    form: 'ADDRESS:PORT',
    fallback: { host: '127.0.0.1', port: 8080 },
    fallbackText: '127.0.0.1:8080',
    help: 'Where to serve. Anything but loopback needs TLS or --insecure-listen.',
  }),
  'insecure-listen': setting<boolean>({
    parse: onOff,
    fallback: false,
    help: 'Serve other machines without TLS, for example behind a proxy that ends it. API keys then travel in clear.',
  }),
  'tls-cert': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    help: 'Certificate chain in PEM; together with --tls-key.',
  }),
  'tls-key': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    help: 'Private key of the certificate in PEM.',
  }),
  'bootstrap-key': setting<string | undefined>({
    parse: bootstrapKey,
    form: 'API-KEY',
    fallback: undefined,
    fallbackText: 'made and printed once',
    secret: true,
    help: "The first administrator's API key, base64 of UUID:SECRET. Used at the first start only.",
  }),
  'root-key-file': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    fallbackText: 'root.key in the data folder',
    help: 'The file with the root key that all keys are encrypted under, mode 0600; one that is named here must exist.',
  }),
  'root-key': setting<string | undefined>({
    parse: rootKey,
    form: 'KEY',
    fallback: undefined,
    secret: true,
    sources: ['environment'],
    help: 'The root key itself instead of a file: 32 bytes as 64 hexadecimal digits or in base64.',
  }),
  'root-passphrase': setting<string | undefined>({
    parse: passphrase,
    form: 'TEXT',
    fallback: undefined,
    secret: true,
    sources: ['environment'],
    help: 'A passphrase, at least 16 characters, from which the root key is derived instead.',
  }),
  'database-url': setting<string | undefined>({
    parse: databaseUrl,
    form: 'URL',
    fallback: undefined,
    fallbackText: 'SQLite in the data folder',
    secret: true,
    help: 'The database. This version has SQLite in the data folder alone: "sqlite", or nothing.',
  }),
  signers: setting<number>({
    parse: wholeNumber(1, 64),
    form: 'NUMBER',
    fallback: Math.min(availableParallelism(), 64),
    fallbackText: 'one per core',
    help: 'Sealed processes that sign.',
  }),
  'max-body-bytes': setting<number>({
    parse: wholeNumber(1024, 67_108_864),
    form: 'NUMBER',
    fallback: 524_288,
    help: 'The longest request body; a longer one is answered with 413.',
  }),
  'max-batch-items': setting<number>({
    parse: wholeNumber(1, 100_000),
    form: 'NUMBER',
    fallback: 1000,
    help: 'The most items in one batch; more are answered with 400.',
  }),
  'session-seconds': setting<number>({
    parse: wholeNumber(60, 86_400),
    form: 'NUMBER',
    fallback: 3600,
    help: 'How long a session lives after its last use.',
  }),
  'allow-inline-sign': setting<boolean>({
    parse: onOff,
    fallback: false,
    help: 'Sign with private keys that come inside the request, and so pass through the HTTP process.',
  }),
  'drain-seconds': setting<number>({
    parse: wholeNumber(3, 60),
    form: 'NUMBER',
    fallback: 30,
    help: 'How long accepted requests may take to finish after SIGTERM or Ctrl-C.',
  }),
  'log-level': setting<(typeof LOG_LEVELS)[number]>({
    parse: oneOf(LOG_LEVELS),
    form: 'LEVEL',
    fallback: 'info',
    help: `How much the service logs, on stderr: ${LOG_LEVELS.join(', ')}.`,
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

function bootstrapKey(value: string): ParsedSetting<string | undefined> {
  if (parseApiKey(value) !== undefined) return { ok: true, value };
  return { ok: false, problem: 'must be base64 of UUID:SECRET, the secret at least 16 characters long' };
}

function rootKey(value: string): ParsedSetting<string | undefined> {
  if (/^[0-9A-Fa-f]{64}$/.test(value) || /^[A-Za-z0-9+/]{43}=$/.test(value)) return { ok: true, value };
  return { ok: false, problem: 'must be 32 bytes, as 64 hexadecimal digits or in base64' };
}

function passphrase(value: string): ParsedSetting<string | undefined> {
  if (value.length >= 16 && value.length <= 4096) return { ok: true, value };
  return { ok: false, problem: 'must have 16 to 4096 characters' };
}

function databaseUrl(value: string): ParsedSetting<string | undefined> {
  if (value === 'sqlite' || value === 'sqlite:') return { ok: true, value: undefined };
  return {
    ok: false,
    problem: 'must be "sqlite": this version keeps its database in the data folder (--data-dir) and knows no other yet',
  };
}
