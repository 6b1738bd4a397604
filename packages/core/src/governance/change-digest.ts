import { hash } from 'node:crypto';
import { canonicalBytes } from '../requests/canonical-bytes.ts';
import type { ChangeRequest } from './change-request.ts';

const TAG = 'countersign-change-v1';

/**
 * 32 bytes over everything that a change is: SHA-256 of the canonical bytes of a list that begins with a tag, so that it
 * can't be taken for the digest of anything else.
 */
export function changeDigest(
  change: Pick<
    ChangeRequest,
    'id' | 'accountId' | 'kind' | 'operation' | 'requesterId' | 'entityId' | 'entityVersion' | 'body'
  >,
): Uint8Array {
  const { id, accountId, kind, operation, requesterId, entityId, entityVersion, body } = change;
  return hash(
    'sha256',
    canonicalBytes([TAG, id, accountId, kind, operation, requesterId, entityId, entityVersion, body]),
    'buffer',
  );
}
