import { hash } from 'node:crypto';
import type { RuleQuestion } from '@countersign/core/ports/rule-servers';
import { LIFETIME_SECONDS, QUESTION_TYPE, type QuestionClaims, type QuestionElement } from './rule-claims.ts';

export interface QuestionTerms {
  /** SHA-256 of our public key, hex. */
  readonly issuer: string;
  /** Fresh, never used before. */
  readonly requestId: string;
  readonly nowMs: number;
}

/** Signs the ASCII text `header.claims` with our P-256 key: 64 bytes, r and s. */
export type SignQuestion = (signingInput: string) => Promise<Uint8Array>;

const ES256_SIGNATURE_BYTES = 64;
/** Algorithms that sign the message itself: there is no hash to name. */
const WITHOUT_HASH: readonly string[] = ['bip340', 'ed25519', 'ed448'];
/** Names that callers of other products know; all others are ours. */
const ACTIONS: Readonly<Record<string, string>> = { 'ecdsa-secp256k1': 'sign_ecdsa' };
const SHORT_DIGEST_NAME = /^(sha|keccak)-(?=[0-9]+$)/;

/** The question as a JWT: ES256, compact. */
export async function writeQuestion(
  question: RuleQuestion,
  terms: QuestionTerms,
  signQuestion: SignQuestion,
): Promise<string> {
  const signingInput = `${HEADER}.${encodeJson(claimsOf(question, terms))}`;
  const signature = await signQuestion(signingInput);
  if (signature.length !== ES256_SIGNATURE_BYTES) throw new Error('an ES256 signature has 64 bytes');
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`;
}

function claimsOf(question: RuleQuestion, { issuer, requestId, nowMs }: QuestionTerms): QuestionClaims {
  const element = elementOf(question);
  const iat = Math.floor(nowMs / 1000);
  return {
    iss: issuer,
    aud: question.rule.id,
    jti: requestId,
    iat,
    exp: iat + LIFETIME_SECONDS,
    digest: hash('sha256', canonicalJson(element), 'hex'),
    ...element,
    request_id: requestId,
  };
}

function elementOf({ algorithm, payload, options, resultingKey, context }: RuleQuestion): QuestionElement {
  const hashed = payload.kind === 'message' && payload.digest !== undefined;
  return {
    action: ACTIONS[algorithm] ?? `sign_${algorithm}`,
    extra_data: hex(context),
    request: {
      msg: hex(payload.bytes),
      ...(WITHOUT_HASH.includes(algorithm) ? {} : { hash_algo: hashed ? digestWord(payload.digest) : 'none' }),
      derivation_path: options.derivationPath ?? [],
      derived_pubkey: hex(resultingKey),
      ...(options.merkleRoot === undefined ? {} : { taproot_merkle_root: hex(options.merkleRoot) }),
      ...(options.padding === undefined ? {} : { padding: options.padding }),
      ...(options.mgf1Digest === undefined ? {} : { mgf1_hash_algo: digestWord(options.mgf1Digest) }),
      ...(options.variant === undefined ? {} : { variant: options.variant }),
      ...(options.context === undefined ? {} : { context: hex(options.context) }),
    },
  };
}

/** RFC 8785 for what an element is made of: objects, lists of small integers, and strings of printable ASCII. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** `sha256` and `keccak256`, as rule servers of other products have them; others by our names, such as `sha3-256`. */
function digestWord(name: string): string {
  return name.replace(SHORT_DIGEST_NAME, '$1');
}

function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

const HEADER = encodeJson({ alg: 'ES256', typ: QUESTION_TYPE });
