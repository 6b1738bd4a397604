import type { Endpoint } from '../dialect.ts';
import { batchSign } from './endpoints/batch-sign.ts';
import { batchVerify } from './endpoints/batch-verify.ts';
import { createKey } from './endpoints/create-key.ts';
import { deleteKey } from './endpoints/delete-key.ts';
import { getKey } from './endpoints/get-key.ts';
import { getVersion } from './endpoints/get-version.ts';
import { health } from './endpoints/health.ts';
import { keyInfo } from './endpoints/key-info.ts';
import { listKeys } from './endpoints/list-keys.ts';
import { sessionAuth } from './endpoints/session-auth.ts';
import { sessionRefresh } from './endpoints/session-refresh.ts';
import { sessionTerminate } from './endpoints/session-terminate.ts';
import { sign } from './endpoints/sign.ts';
import { verify } from './endpoints/verify.ts';

/** Every call that is built. Adding one: its file, and a line here. */
export const ENDPOINTS: readonly Endpoint[] = [
  sessionAuth,
  sessionRefresh,
  sessionTerminate,
  getVersion,
  health,
  createKey,
  listKeys,
  keyInfo,
  getKey,
  deleteKey,
  sign,
  verify,
  batchSign,
  batchVerify,
];
