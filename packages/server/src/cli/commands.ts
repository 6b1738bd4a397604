import { account } from './account.ts';
import type { Command } from './command.ts';
import { engines } from './engines.ts';
import { logVerify } from './log-verify-command.ts';
import { relay } from './relay.ts';
import { serve } from './serve.ts';
import { version } from './version.ts';

/** Every command, in the order of the help. Adding one is its file and a line here. */
export const COMMANDS: readonly Command[] = [serve, relay, account, engines, logVerify, version];
