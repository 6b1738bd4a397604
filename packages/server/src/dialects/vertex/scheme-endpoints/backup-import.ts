import { DomainError } from '@countersign/core/domain-error';
import { KeyAnswerSchema, keyAnswer } from '../key-answers.ts';
import { createBodyReader } from '../read-body.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';
import { ShareBackupSchema } from '../share-backup-schema.ts';

const readRequest = createBodyReader(ShareBackupSchema);

/** Takes a share from its backup, under a new id. */
export const backupImport: SchemeEndpoint = ({ word, algorithm }) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/${word}/backup/import-key-share`,
    request: ShareBackupSchema,
    responses: { 200: KeyAnswerSchema },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const share = decodeBase64(request.key_share);
      try {
        const encrypted = request.export_type === 'encrypted';
        return keyAnswer(await services.threshold.importShare(caller, algorithm, { encrypted, share }));
      } finally {
        share.fill(0);
      }
    },
  });

/** Canonical standard base64 alone: two texts must not stand for one share. */
function decodeBase64(text: string): Uint8Array {
  try {
    const share = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
    if (share.length > 0 && share.toBase64() === text) return share;
    share.fill(0);
  } catch {
    // Answered below.
  }
  throw new DomainError('invalid_request', 'key_share must be standard base64 with padding');
}
