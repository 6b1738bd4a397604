import type { RenderClaims } from '@countersign/core/identity/token-text';
import { writeId } from '../prefixed-id.ts';

/**
 * What this product's client reads in its own token before it calls: without the organisation there, one that is told its
 * `orgId` refuses to start.
 */
export const renderTokenClaims: RenderClaims = (token) => ({
  'https://custom/app_metadata': {
    orgId: writeId('or', token.accountId),
    userId: writeId('us', token.principalId),
    tokenId: writeId('to', token.id),
    tokenKind: token.kind,
  },
});
