import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { findKey } from '../find-share.ts';
import { readPathKey } from '../read-key.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';
import { ShareBackupSchema } from '../share-backup-schema.ts';

/** This party's share as a portable blob, in the mode that the server's settings allow. */
export const backupExport: SchemeEndpoint = (scheme) =>
  userEndpoint(['export-key'], {
    methods: ['GET'],
    path: `/${scheme.word}/backup/export-key-share/:key_id`,
    request: undefined,
    responses: { 200: Type.Object({ ...ShareBackupSchema.properties }, { additionalProperties: false }) },
    async handle({ services, caller, params }) {
      const key = await findKey(services, caller, scheme, readPathKey(params));
      const { encrypted, share } = await services.threshold.exportShare(caller, key);
      try {
        return jsonAnswer(200, { export_type: encrypted ? 'encrypted' : 'plaintext', key_share: share.toBase64() });
      } finally {
        share.fill(0);
      }
    },
  });
