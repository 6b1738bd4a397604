/** The challenge of a signed user action: one hash over everything that the signature is to cover (design, section 7). */
import { hash } from 'node:crypto';
import { idBytes, type PrincipalId } from '../ids.ts';

/** What a challenge commits to. All of it is in the log when an action is used, so that anyone can compute it again. */
export interface ActionFacts {
  readonly method: string;
  readonly path: string;
  /** SHA-256 of the body. */
  readonly bodyDigest: Uint8Array;
  /** 32 bytes: the digest of the request or change, where the action is a decision on one. */
  readonly subjectDigest: Uint8Array | undefined;
  readonly principalId: PrincipalId;
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  readonly expiresAtMs: number;
}

const TAG = 'countersign/user-action/v1';
const NO_SUBJECT = new Uint8Array(32);

/**
 * base64url of SHA-256 over tag, method, path, body digest, subject digest (zeros where there is none), the principal's 16
 * bytes, nonce, and expiry as u64. Each field has its length before it (u32, big-endian): two different lists of fields
 * never have the same bytes.
 */
export function actionChallenge(facts: ActionFacts): string {
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64BE(BigInt(facts.expiresAtMs));
  const fields = [
    Buffer.from(TAG),
    Buffer.from(facts.method),
    Buffer.from(facts.path),
    facts.bodyDigest,
    facts.subjectDigest ?? NO_SUBJECT,
    idBytes(facts.principalId),
    facts.nonce,
    expiry,
  ];
  const preimage = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return hash('sha256', Buffer.concat(preimage), 'base64url');
}
