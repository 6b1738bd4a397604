import type { KeyObject } from 'node:crypto';
import type { RuleAlgorithm } from '@countersign/core/policy/external/external-rule';
import { toOneLine } from '@countersign/core/policy/external/one-line';
import type { RuleAnswer } from '@countersign/core/ports/rule-servers';
import { compactVerify } from 'jose';
import { ANSWER_TYPE, type AnswerClaims, LIFETIME_SECONDS } from './rule-claims.ts';

/** What a good answer to one question says. */
export interface ExpectedAnswer {
  /** The rule's, and the only ones that count: nothing in the answer chooses a key or an algorithm. */
  readonly publicKey: KeyObject;
  readonly algorithm: RuleAlgorithm;
  readonly requestId: string;
  /** SHA-256 of the question as it was sent, hex. */
  readonly requestHash: string;
  /** Our fingerprint, the question's `iss`. */
  readonly audience: string;
  readonly nowMs: number;
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** `kid` is ignored. A header with more, such as `jwk`, `jku` or `x5c`, is refused, so that nobody relies on it. */
const HEADER_MEMBERS: readonly string[] = ['alg', 'typ', 'kid'];
const MAX_REASON_CHARACTERS = 500;

/** Judges the body of an answer. Whatever isn't a proper yes to this very question is a no. Never rejects. */
export async function readAnswer(body: Uint8Array, expected: ExpectedAnswer): Promise<RuleAnswer> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1').trim();
  if (!COMPACT.test(text)) return no('its answer is not a JWT');
  const payload = await verifiedPayload(text, expected);
  if (payload === undefined) return no(`its answer is not a JWT signed with the rule's key by ${expected.algorithm}`);
  const claims = parseClaims(payload);
  if (claims === undefined) return no('the claims of its answer are not a JSON object');
  const problem = problemOf(claims, expected);
  if (problem !== undefined) return no(problem);
  if (claims.approved === true) return { approved: true };
  const reason = typeof claims.reason === 'string' ? toOneLine(claims.reason, MAX_REASON_CHARACTERS) : '';
  return no(reason === '' ? 'not approved' : `not approved: ${reason}`);
}

async function verifiedPayload(
  text: string,
  { publicKey, algorithm }: ExpectedAnswer,
): Promise<Uint8Array | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(text, publicKey, { algorithms: [algorithm] });
    const { alg, typ } = protectedHeader;
    const plain = Object.keys(protectedHeader).every((member) => HEADER_MEMBERS.includes(member));
    return plain && alg === algorithm && typ === ANSWER_TYPE ? payload : undefined;
  } catch {
    return undefined;
  }
}

function parseClaims(payload: Uint8Array): AnswerClaims | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as AnswerClaims) : undefined;
  } catch {
    return undefined;
  }
}

/** What binds the answer to the question; undefined when all of it holds. */
function problemOf(claims: AnswerClaims, expected: ExpectedAnswer): string | undefined {
  if (claims.request_id !== expected.requestId || claims.request_hash !== expected.requestHash)
    return 'its answer is to another question (request_id, request_hash)';
  if (claims.aud !== expected.audience) return 'its answer is for another server (aud)';
  const { iat, exp } = claims;
  const nowSeconds = expected.nowMs / 1000;
  if (!isTime(iat) || Math.abs(nowSeconds - iat) > LIFETIME_SECONDS)
    return 'its answer was not made now (iat); compare the clocks';
  if (!isTime(exp) || exp <= nowSeconds) return 'its answer has expired (exp); compare the clocks';
  if (exp - iat > LIFETIME_SECONDS) return `its answer lives longer than ${LIFETIME_SECONDS} seconds (exp)`;
  return undefined;
}

/** Seconds since 1970, fractions allowed (RFC 7519, section 2). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function no(reason: string): RuleAnswer {
  return { approved: false, reason };
}
