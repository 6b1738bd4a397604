import { settingsHelp } from '../config/settings-help.ts';
import type { Command } from './command.ts';

export const relay: Command = {
  name: 'relay',
  summary: 'run a relay alone, where the servers that share keys meet',
  details: () =>
    `It keeps nothing on disk and no keys. Every setting is a flag, a variable or a member of the file; flags come first,
then variables, then the file. GET /health and GET /metrics say how it is.

${settingsHelp('relay')}`,
  run: async (argv, io) => {
    // Loaded here: no other command needs a WebSocket server.
    const { runRelay } = await import('./run-relay.ts');
    return runRelay(argv, io);
  },
};
