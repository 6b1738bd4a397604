/** The digest of one exact signature request: what an approval commits to. */
import { hash } from 'node:crypto';
import type { AccountId, PrincipalId, WalletId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import { type CanonicalValue, canonicalBytes } from './canonical-bytes.ts';
import type { DecodedContent } from './decode-content.ts';
import type { RequestContent } from './signature-request.ts';

export interface DigestedRequest {
  readonly accountId: AccountId;
  /** The resolved key: an approval holds for its public key, never for a name. */
  readonly key: Pick<KeyRecord, 'id' | 'algorithm' | 'parameters' | 'publicKey'>;
  readonly requesterId: PrincipalId;
  readonly walletId: WalletId | undefined;
  readonly externalId: string | undefined;
  readonly dialect: string;
  readonly content: RequestContent;
  /** Of `content`, for this key. */
  readonly decoded: DecodedContent;
}

const VERSION = 'countersign/signature-request/v1';

/**
 * 32 bytes: SHA-256 over everything that decides what is signed, for whom and on whose behalf. Options are covered as
 * they were given and as they act: the scheme that the algorithm made of them, with its defaults. A server whose defaults
 * or decoding have changed therefore finds another digest, and an approval of before releases nothing.
 *
 * @throws DomainError `invalid_request` for content that is nested too deep
 */
export function requestDigest(request: DigestedRequest): Uint8Array {
  const { key, content, decoded } = request;
  const value: CanonicalValue = [
    VERSION,
    request.accountId,
    key.id,
    key.algorithm,
    { ...key.parameters },
    key.publicKey,
    request.requesterId,
    request.walletId ?? null,
    request.externalId ?? null,
    request.dialect,
    content.kind,
    { ...content.payload },
    { ...content.options },
    decoded.parts.map(({ payload, options, prepared }) => ({
      payload: { ...payload },
      options: { ...options },
      scheme: { ...prepared.scheme },
      bytes: prepared.bytes,
    })),
  ];
  return hash('sha256', canonicalBytes(value), 'buffer');
}
