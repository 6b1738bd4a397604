/** What the keeper tells a party process by its environment; the HTTP process has no say in it. */
import { copySecret } from '@countersign/algorithms/secret-memory';
import type { PartyOptions } from './party-operations.ts';
import type { BackupKey } from './share-backup.ts';

const FULL_EXPORT = 'COUNTERSIGN_PARTY_FULL_EXPORT';
const SHARE_BACKUP = 'COUNTERSIGN_PARTY_SHARE_BACKUP';
const SHARE_BACKUP_KEY = 'COUNTERSIGN_PARTY_SHARE_BACKUP_KEY';
const KEY_BYTES = 32;

/** Reads the options and takes the backup key out of the environment. Without the variables everything is off. */
export function takePartyOptions(environment: NodeJS.ProcessEnv): PartyOptions {
  const encoded = environment[SHARE_BACKUP_KEY];
  delete environment[SHARE_BACKUP_KEY];
  return { allowFullExport: environment[FULL_EXPORT] === 'true', backup: backupOf(environment[SHARE_BACKUP], encoded) };
}

function backupOf(mode: string | undefined, encoded: string | undefined): BackupKey {
  if (mode === 'plaintext') return { mode };
  if (mode !== 'encrypted' || encoded === undefined) return { mode: 'off' };
  const bytes = Buffer.from(encoded, encoded.length === 2 * KEY_BYTES ? 'hex' : 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error('the share backup key has 32 bytes');
  const key = copySecret(bytes);
  bytes.fill(0);
  return { mode, key };
}
