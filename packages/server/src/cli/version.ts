import { readFileSync } from 'node:fs';
import type { Command } from './command.ts';

/** The version of the service, from its package. */
export function serviceVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}

export const version: Command = {
  name: 'version',
  summary: 'print the version of the service and of what it runs on',
  details: () => '',
  run: (_argv, io) => {
    const { node, openssl, sqlite } = process.versions;
    io.stdout(`countersign ${serviceVersion()} (Node ${node}, OpenSSL ${openssl}, SQLite ${sqlite})\n`);
    return Promise.resolve(0);
  },
};
