/** What must hold between settings. */
import { isIP } from 'node:net';
import type { SettingName, SettingValues } from './settings-table.ts';

interface Rule {
  /** The settings that it compares; it says nothing while one of them is unreadable. */
  readonly about: readonly SettingName[];
  readonly problem: (values: SettingValues) => string | undefined;
}

const RULES: readonly Rule[] = [
  {
    about: ['tls-cert', 'tls-key'],
    problem: (values) =>
      (values['tls-cert'] === undefined) === (values['tls-key'] === undefined)
        ? undefined
        : 'tls-cert and tls-key are given together or not at all',
  },
  {
    about: ['listen', 'tls-cert', 'insecure-listen'],
    problem: (values) =>
      isLoopback(values.listen.host) || values['tls-cert'] !== undefined || values['insecure-listen']
        ? undefined
        : `listen: ${values.listen.host} can be reached by other machines; give --tls-cert and --tls-key, ` +
          'or --insecure-listen if something in front of the service ends TLS',
  },
  {
    about: ['root-key-file', 'root-key', 'root-passphrase'],
    problem: (values) => {
      const sources = (['root-key-file', 'root-key', 'root-passphrase'] as const).filter(
        (name) => values[name] !== undefined,
      );
      return sources.length > 1 ? `only one of ${sources.join(', ')} can be given` : undefined;
    },
  },
  {
    about: ['share-backup', 'share-backup-key'],
    problem: (values) =>
      (values['share-backup'] === 'encrypted') === (values['share-backup-key'] !== undefined)
        ? undefined
        : 'share-backup encrypted and share-backup-key are given together or not at all',
  },
];

/** @returns one sentence per broken rule, leaving out the rules about settings in `unreadable` */
export function settingsProblems(values: SettingValues, unreadable: ReadonlySet<SettingName>): readonly string[] {
  return RULES.filter(({ about }) => !about.some((name) => unreadable.has(name)))
    .map(({ problem }) => problem(values))
    .filter((problem) => problem !== undefined);
}

/** Names other than `localhost` may resolve to anything, so they count as reachable. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
