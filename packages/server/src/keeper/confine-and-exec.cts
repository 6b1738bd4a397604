/**
 * Stands between the keeper and the HTTP process: confines itself, then becomes Node with the arguments given.
 *
 *     node confine-and-exec.cts '{"reads":[...],"writes":[...]}' <node arguments ...>
 *
 * CommonJS on purpose: it runs to execve without a turn of the event loop, so that nothing of what the keeper has sent
 * on the IPC channel is read here. The channel (descriptor 3) is kept open across execve, and announced again.
 */
const koffi = require('koffi') as typeof import('koffi');
const { confineThread } = require('./landlock.ts') as typeof import('./landlock.ts');

const CHANNEL_DESCRIPTOR = 3;
const F_SETFD = 2;

const [confinement = '', ...nodeArguments] = process.argv.slice(2);
const fcntl = koffi.load(null).func('int fcntl(int, int, ...)') as (
  descriptor: number,
  command: number,
  kind: 'int',
  argument: number,
) => number;
if (fcntl(CHANNEL_DESCRIPTOR, F_SETFD, 'int', 0) !== 0) throw new Error('the IPC channel is missing');
confineThread(JSON.parse(confinement) as import('./landlock.ts').Confinement);
if (process.execve === undefined) throw new Error('this Node has no process.execve');
process.execve(process.execPath, [process.execPath, ...nodeArguments], {
  ...(process.env as Record<string, string>),
  NODE_CHANNEL_FD: String(CHANNEL_DESCRIPTOR),
  NODE_CHANNEL_SERIALIZATION_MODE: 'json',
});
