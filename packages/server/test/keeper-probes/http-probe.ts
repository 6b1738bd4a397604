/**
 * Stands in for the HTTP process: joins the keeper, takes the channels, opens the database, listens with Fastify, and
 * does over HTTP what the tests ask.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fastify from 'fastify';
import type { SealedRole } from '../../src/custody/frames.ts';
import { joinKeeper } from '../../src/keeper/keeper-link.ts';

interface Channel {
  readonly role: string;
  readonly index: number;
  readonly incarnation: number;
  readonly socket: Socket;
  hello: number | undefined;
  readonly waiting: ((answer: unknown) => void)[];
}

const channels = new Map<string, Channel>();
const server = fastify({ forceCloseConnections: 'idle' });
let pendingDrain: (() => void) | undefined;

function attach(role: string, index: number, incarnation: number, socket: Socket): void {
  const channel: Channel = { role, index, incarnation, socket, hello: undefined, waiting: [] };
  const name = `${role} ${index}`;
  channels.set(name, channel);
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = JSON.parse(text.slice(0, end)) as { readonly hello?: number };
      if (line.hello === undefined) channel.waiting.shift()?.(line);
      else channel.hello = line.hello;
      text = text.slice(end + 1);
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (channels.get(name) === channel) channels.delete(name);
    for (const answer of channel.waiting) answer({ error: 'closed' });
  });
}

const link = joinKeeper({ attach, drain: () => drain() });
const { config, databasePath, installationId } = await link.config;
const options = config as {
  readonly exitAfterMs?: number;
  readonly exitAtOnce?: number;
  readonly neverDrain?: boolean;
  readonly neverReady?: boolean;
};
if (options.exitAtOnce !== undefined) process.exit(options.exitAtOnce);

async function drain(): Promise<void> {
  if (options.neverDrain === true) await new Promise(() => undefined);
  pendingDrain?.();
  // A connection that becomes idle after close() has begun would stay open until its client goes.
  const sweep = setInterval(() => server.server.closeIdleConnections(), 20);
  await server.close();
  clearInterval(sweep);
}

const database = new DatabaseSync(databasePath);
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (x INTEGER) STRICT');
database.prepare('INSERT INTO t VALUES (?)').run(1);

function attempt(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

server.get('/channels', () =>
  [...channels.values()].map(({ role, index, incarnation, hello }) => ({ role, index, incarnation, hello })),
);
server.post('/want/:role', (request) => {
  const { role } = request.params as { role: SealedRole };
  link.want(role);
  return {};
});
server.get('/info', () => ({
  pid: process.pid,
  env: Object.keys(process.env),
  installationId,
  rows: database.prepare('SELECT count(*) AS n FROM t').get()?.['n'],
}));
server.post('/ask/:role/:index', async (request) => {
  const { role, index } = request.params as { role: string; index: string };
  const channel = channels.get(`${role} ${index}`);
  if (channel === undefined) return { error: 'no channel' };
  return await new Promise((resolve) => {
    channel.waiting.push(resolve);
    channel.socket.write(`${JSON.stringify(request.body)}\n`);
  });
});
/** Ends when the drain begins: a request in flight. */
server.get('/slow', async () => {
  await new Promise<void>((resolve) => {
    pendingDrain = () => setTimeout(resolve, 300);
  });
  return { finished: true };
});
server.post('/exit', () => {
  setTimeout(() => process.exit(7), 10);
  return {};
});
server.post('/attempts', (request) => {
  const { dataDir, keeperPid, sealedPid } = request.body as { dataDir: string; keeperPid: number; sealedPid: number };
  const read = (path: string) => attempt(() => fs.readFileSync(path));
  const require = createRequire(import.meta.url);
  return {
    'root key': read(join(dataDir, 'root.key')),
    'root key by a relative path': read(join(dataDir, 'db', '..', 'root.key')),
    'root key through a link': attempt(() => {
      fs.symlinkSync(join(dataDir, 'root.key'), join(dataDir, 'db', 'link'));
      fs.readFileSync(join(dataDir, 'db', 'link'));
    }),
    'root key by a hard link': attempt(() => fs.linkSync(join(dataDir, 'root.key'), join(dataDir, 'db', 'hard'))),
    'root key as a database': attempt(() =>
      new DatabaseSync(databasePath).exec(`ATTACH '${join(dataDir, 'root.key')}' AS k; SELECT * FROM k.sqlite_schema`),
    ),
    'a neighbour of the database folder': read(join(dataDir, 'db-neighbour')),
    'write the root key': attempt(() => fs.writeFileSync(join(dataDir, 'root.key'), 'x')),
    'environment of the keeper': read(`/proc/${keeperPid}/environ`),
    'memory of the keeper': attempt(() => fs.openSync(`/proc/${keeperPid}/mem`, 'r')),
    'memory of a signer': attempt(() => fs.openSync(`/proc/${sealedPid}/mem`, 'r')),
    'own memory': attempt(() => fs.openSync('/proc/self/mem', 'r+')),
    spawn: attempt(() => {
      const { error } = spawnSync('/bin/cat', [join(dataDir, 'root.key')]);
      if (error !== undefined) throw error;
    }),
    koffi: attempt(() => require('koffi')),
    sodium: attempt(() => require('sodium-native')),
    'process.dlopen': attempt(() => process.dlopen({ exports: {} }, process.execPath)),
    inspector: attempt(() => {
      const { open } = require('node:inspector') as typeof import('node:inspector');
      open(0);
    }),
    'sqlite extension': attempt(() => new DatabaseSync(databasePath, { allowExtension: true })),
  };
});

const address = await server.listen({ host: '127.0.0.1', port: 0 });
if (options.neverReady !== true) link.ready(address);
if (options.exitAfterMs !== undefined) setTimeout(() => process.exit(9), options.exitAfterMs);
