import type { SchemeEndpoint } from './scheme-endpoint.ts';
import { backupExport } from './scheme-endpoints/backup-export.ts';
import { backupImport } from './scheme-endpoints/backup-import.ts';
import { batchSign } from './scheme-endpoints/batch-sign.ts';
import { clusterKeygen } from './scheme-endpoints/cluster-keygen.ts';
import { create } from './scheme-endpoints/create.ts';
import { deleteKeyShare } from './scheme-endpoints/delete-key-share.ts';
import { derivePubkey } from './scheme-endpoints/derive-pubkey.ts';
import { exportFull } from './scheme-endpoints/export-full.ts';
import { exportId } from './scheme-endpoints/export-id.ts';
import { importKeyImporter } from './scheme-endpoints/import-key-importer.ts';
import { importRecipient } from './scheme-endpoints/import-recipient.ts';
import { keygen } from './scheme-endpoints/keygen.ts';
import { refresh } from './scheme-endpoints/refresh.ts';
import { reshareExistingParty } from './scheme-endpoints/reshare-existing-party.ts';
import { reshareNewParty } from './scheme-endpoints/reshare-new-party.ts';
import { sign } from './scheme-endpoints/sign.ts';

/** Every call that each scheme has. Adding one: its file, and a line here. */
export const SCHEME_ENDPOINTS: readonly SchemeEndpoint[] = [
  create,
  keygen,
  derivePubkey,
  sign,
  batchSign,
  refresh,
  reshareExistingParty,
  reshareNewParty,
  importKeyImporter,
  importRecipient,
  exportFull,
  exportId,
  backupExport,
  backupImport,
  deleteKeyShare,
  clusterKeygen,
];
