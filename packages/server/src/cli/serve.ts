import { settingsHelp } from '../config/settings-help.ts';
import type { Command } from './command.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'run the signing service',
  details: () =>
    `Every setting is a flag, a variable or a member of the file; flags come first, then variables, then the file.\n\n${settingsHelp()}`,
  run: async (argv, io) => {
    // Loaded here, since the keeper brings native code that the other commands do without.
    const { runService } = await import('./run-service.ts');
    return runService(argv, io);
  },
};
