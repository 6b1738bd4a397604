/** Every setting of `countersign serve`. A new one is one entry here: flags, environment, file, help and docs follow. */
import { availableParallelism } from 'node:os';
import { parseApiKey } from '@countersign/core/api-key';
import { type OutboundAllowEntry, outboundAllow } from './outbound-allow.ts';
import type { ParsedSetting, Setting } from './setting.ts';
import { listenAddress, oneOf, onOff, optional, text, wholeNumber } from './setting-parsers.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What a party's share may leave as. */
export const SHARE_BACKUP_MODES = ['off', 'encrypted', 'plaintext'] as const;

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
    relay: { fallback: { host: '127.0.0.1', port: 8090 }, fallbackText: '127.0.0.1:8090' },
  }),
  'insecure-listen': setting<boolean>({
    parse: onOff,
    fallback: false,
    help: 'Serve other machines without TLS, for example behind a proxy that ends it. API keys then travel in clear.',
    relay: {},
  }),
  'tls-cert': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    help: 'Certificate chain in PEM; together with --tls-key.',
    relay: {},
  }),
  'tls-key': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    help: 'Private key of the certificate in PEM.',
    relay: {},
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
  'webauthn-rp-id': setting<string>({
    parse: relyingPartyId,
    form: 'DOMAIN',
    fallback: 'localhost',
    help: "The domain that people's passkeys belong to: that of the console, or one above it.",
  }),
  'webauthn-origins': setting<readonly string[]>({
    parse: origins,
    form: 'ORIGINS',
    fallback: ['http://localhost:8080'],
    fallbackText: 'http://localhost:8080',
    help: 'Where passkeys may be used, as browsers name it: https://HOST[:PORT], several separated by commas.',
  }),
  'prices-file': setting<string | undefined>({
    parse: optional(text),
    form: 'FILE',
    fallback: undefined,
    help: 'Prices of assets for rules about amounts, as JSON; read again when it changes. Without it such rules always trigger.',
  }),
  'prices-max-age-seconds': setting<number>({
    parse: wholeNumber(60, 31_536_000),
    form: 'NUMBER',
    fallback: 86_400,
    help: 'How old a price may be; rules about amounts count as triggered where it is older.',
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
  'outbound-allow': setting<readonly OutboundAllowEntry[] | undefined>({
    parse: outboundAllow,
    form: 'TARGETS',
    fallback: undefined,
    fallbackText: 'loopback, if the service listens on loopback',
    help: 'Private targets that rules and relays may be at: none, or HOST, HOST:PORT, NETWORK/BITS, separated by commas. Public addresses need no entry, but TLS.',
  }),
  'max-ceremony-items': setting<number>({
    parse: wholeNumber(1, 4096),
    form: 'NUMBER',
    fallback: 1000,
    help: 'The most items in one batch of threshold signatures.',
  }),
  'allow-full-export': setting<boolean>({
    parse: onOff,
    fallback: false,
    help: 'Let one party of a threshold key learn the whole private key, when enough of the others take part.',
  }),
  'share-backup': setting<(typeof SHARE_BACKUP_MODES)[number]>({
    parse: oneOf(SHARE_BACKUP_MODES),
    form: 'MODE',
    fallback: 'off',
    help: 'How shares of threshold keys leave for a backup: off, encrypted (under COUNTERSIGN_SHARE_BACKUP_KEY) or plaintext.',
  }),
  'share-backup-key': setting<string | undefined>({
    parse: rootKey,
    form: 'KEY',
    fallback: undefined,
    secret: true,
    sources: ['environment'],
    help: 'The key of encrypted share backups: 32 bytes as 64 hexadecimal digits or in base64.',
  }),
  'drain-seconds': setting<number>({
    parse: wholeNumber(3, 60),
    form: 'NUMBER',
    fallback: 30,
    help: 'How long accepted requests may take to finish after SIGTERM or Ctrl-C.',
    relay: {},
  }),
  'log-level': setting<(typeof LOG_LEVELS)[number]>({
    parse: oneOf(LOG_LEVELS),
    form: 'LEVEL',
    fallback: 'info',
    help: `How much the service logs, on stderr: ${LOG_LEVELS.join(', ')}.`,
    relay: {},
  }),
  relay: setting<string | undefined>({
    parse: relayAddress,
    form: 'HOST:PORT',
    fallback: undefined,
    fallbackText: "this server's own relay",
    help: 'The relay where rooms are made and joined unless a request names another. TLS, unless the host is loopback.',
  }),
  'relay-key': setting<string | undefined>({
    parse: relayKey,
    form: 'KEY',
    fallback: undefined,
    fallbackText: 'none',
    secret: true,
    relay: { fallbackText: 'made and printed' },
    help: 'Lets its holder make rooms at the relay: the own one checks it, --relay is shown it. At least 16 characters; several, separated by commas, while one is replaced: the first is shown.',
  }),
  'relay-room-prefix': setting<string>({
    parse: roomPrefix,
    form: 'TEXT',
    fallback: '',
    fallbackText: 'none',
    relay: {},
    help: 'What the ids of rooms begin with: at most 32 letters, digits, "-" and "_".',
  }),
  'relay-rooms': setting<number>({
    parse: wholeNumber(1, 1_000_000),
    form: 'NUMBER',
    fallback: 10_000,
    relay: {},
    help: 'The most rooms at a time.',
  }),
  'relay-connections': setting<number>({
    parse: wholeNumber(1, 100_000),
    form: 'NUMBER',
    fallback: 1000,
    relay: {},
    help: 'The most connections to the relay; each serves all the rooms of one server.',
  }),
  'relay-join-seconds': setting<number>({
    parse: wholeNumber(1, 3600),
    form: 'NUMBER',
    fallback: 30,
    relay: {},
    help: "How long a room's first member waits for the last.",
  }),
  'relay-room-seconds': setting<number>({
    parse: wholeNumber(1, 86_400),
    form: 'NUMBER',
    fallback: 120,
    relay: {},
    help: 'How long a room lasts from its first member, and how long it waits for one.',
  }),
  'relay-frame-bytes': setting<number>({
    parse: wholeNumber(1024, 67_108_864),
    form: 'NUMBER',
    fallback: 4_194_304,
    relay: {},
    help: 'The longest frame.',
  }),
  'relay-room-bytes': setting<number>({
    parse: wholeNumber(65_536, 1_073_741_824),
    form: 'NUMBER',
    fallback: 67_108_864,
    relay: {},
    help: 'The most bytes sent into one room; each member has an equal part of it.',
  }),
  'relay-memory-bytes': setting<number>({
    parse: wholeNumber(1_048_576, 68_719_476_736),
    form: 'NUMBER',
    fallback: 536_870_912,
    relay: {},
    help: 'The most bytes that the relay holds for late members and slow readers.',
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

function relyingPartyId(value: string): ParsedSetting<string> {
  if (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(value))
    return { ok: true, value };
  return { ok: false, problem: 'must be a domain in lower case, without a port' };
}

function origins(value: string): ParsedSetting<readonly string[]> {
  const list = value.split(',').map((origin) => origin.trim());
  const isOrigin = (origin: string): boolean => URL.canParse(origin) && new URL(origin).origin === origin;
  if (list.length <= 32 && list.every((origin) => /^https?:/.test(origin) && isOrigin(origin)))
    return { ok: true, value: list };
  return { ok: false, problem: 'must be origins such as https://console.example, separated by commas' };
}

/** The relay reads it exactly; this much tells an address from a URL or a path. */
function relayAddress(value: string): ParsedSetting<string | undefined> {
  if (/^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:[1-9][0-9]{0,4})?$/.test(value)) return { ok: true, value };
  return { ok: false, problem: 'must be HOST:PORT, or HOST for port 443' };
}

function relayKey(value: string): ParsedSetting<string | undefined> {
  if (value.split(',').every((key) => /^[!-+\--~]{16,512}$/.test(key))) return { ok: true, value };
  return { ok: false, problem: 'must have 16 to 512 visible ASCII characters; several are separated by commas' };
}

function roomPrefix(value: string): ParsedSetting<string> {
  if (/^[A-Za-z0-9_-]{0,32}$/.test(value)) return { ok: true, value };
  return { ok: false, problem: 'must have at most 32 letters, digits, "-" and "_"' };
}

function databaseUrl(value: string): ParsedSetting<string | undefined> {
  if (value === 'sqlite' || value === 'sqlite:') return { ok: true, value: undefined };
  return {
    ok: false,
    problem: 'must be "sqlite": this version keeps its database in the data folder (--data-dir) and knows no other yet',
  };
}
