import { account } from './account.ts';
import type { Command } from './command.ts';
import { engines } from './engines.ts';
import { logVerify } from './log-verify-command.ts';
import { relay } from './relay.ts';
import { approve } from './remote/approve.ts';
import { keyCreate } from './remote/key-create.ts';
import { keyDelete } from './remote/key-delete.ts';
import { keyList } from './remote/key-list.ts';
import { keyShow } from './remote/key-show.ts';
import { logCheckpoint } from './remote/log-checkpoint.ts';
import { logExport } from './remote/log-export.ts';
import { policyArchive } from './remote/policy-archive.ts';
import { policyCreate } from './remote/policy-create.ts';
import { policyList } from './remote/policy-list.ts';
import { policyShow } from './remote/policy-show.ts';
import { requestCancel } from './remote/request-cancel.ts';
import { requestList } from './remote/request-list.ts';
import { requestShow } from './remote/request-show.ts';
import { requestWait } from './remote/request-wait.ts';
import { sign } from './remote/sign.ts';
import { verify } from './remote/verify.ts';
import { serve } from './serve.ts';
import { version } from './version.ts';

/** Every command, in the order of the help. Adding one is its file and a line here. */
export const COMMANDS: readonly Command[] = [
  serve,
  relay,
  account,
  engines,
  keyCreate,
  keyList,
  keyShow,
  keyDelete,
  sign,
  verify,
  requestList,
  requestShow,
  requestWait,
  requestCancel,
  approve,
  policyList,
  policyShow,
  policyCreate,
  policyArchive,
  logCheckpoint,
  logExport,
  logVerify,
  version,
];
