/** This server's identity inside the party process: made, opened, and used for its three purposes. */
import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { allocateSecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { type IdentitySecret, loadIdentity } from '@countersign/threshold/exchange/identity';
import { createKeygenId } from '@countersign/threshold/exchange/keygen-id';
import type { PartyReply } from '../../messages/party-message.ts';
import { openIdentity, sealIdentity } from './sealed-secrets.ts';

export interface OpenIdentity {
  readonly exchange: IdentitySecret;
  /** ES256 (64 bytes, r || s). Undefined unless the bytes are a question to a rule server. */
  signQuestion(signingInput: Uint8Array): Uint8Array | undefined;
}

const NO_KEY = new Uint8Array(0);
/** The whole header of what the P-256 key signs, as a question's writer puts it. */
const QUESTION_HEADER = base64url(Buffer.from('{"alg":"ES256","typ":"countersign-rule-question+jwt"}', 'utf8'));
const CLAIMS = /^[A-Za-z0-9_-]+$/;

export function createIdentity(rootKey: Buffer): PartyReply {
  const memory = allocateSecret(96);
  try {
    const [seed, channel, question] = [memory.subarray(0, 32), memory.subarray(32, 64), memory.subarray(64, 96)];
    fillFromKernel(memory);
    const keygenId = createKeygenId(loadIdentity(seed, channel), 'persistent', NO_KEY);
    const ecdh = createECDH('prime256v1');
    // A scalar outside the range (2^-32 of them) is drawn again.
    while (!accepts(ecdh, question)) fillFromKernel(question);
    return {
      kind: 'identity',
      sealed: sealIdentity(rootKey, { seed, channel, question }, keygenId.identity.identityKey),
      persistentKeygenId: keygenId.text,
      questionKey: publicBytes(questionKey(question)),
    };
  } finally {
    freeSecret(memory);
  }
}

/** Undefined for what this installation didn't seal. The keys stay inside OpenSSL's objects. */
export function loadSealedIdentity(rootKey: Buffer, sealed: Uint8Array): OpenIdentity | undefined {
  const opened = openIdentity(rootKey, sealed);
  if (opened === undefined) return undefined;
  try {
    const { seed, channel, question } = opened.value;
    const key = questionKey(question);
    const issuer = createHash('sha256').update(publicBytes(key)).digest('hex');
    return {
      exchange: loadIdentity(seed, channel),
      signQuestion: (signingInput) =>
        isQuestion(signingInput, issuer) ? sign('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' }) : undefined,
    };
  } finally {
    opened.free();
  }
}

/**
 * A taken-over HTTP process may ask for signatures; they are questions of ours and nothing that others would take. One
 * header is compared as a whole, so that no two parsers can read different things in it.
 */
function isQuestion(signingInput: Uint8Array, issuer: string): boolean {
  const text = Buffer.from(signingInput).toString('latin1');
  const prefix = `${QUESTION_HEADER}.`;
  const claims = text.slice(prefix.length);
  if (!text.startsWith(prefix) || !CLAIMS.test(claims)) return false;
  try {
    const decoded = Buffer.from(claims, 'base64url');
    const read: unknown = JSON.parse(decoded.toString('utf8'));
    const isObject = typeof read === 'object' && read !== null && !Array.isArray(read);
    return isObject && base64url(decoded) === claims && 'iss' in read && read.iss === issuer;
  } catch {
    return false;
  }
}

function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' });
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function questionKey(scalar: Uint8Array) {
  return createPrivateKey({
    key: Buffer.from(scalar.buffer, scalar.byteOffset, scalar.byteLength),
    format: 'raw-private',
    asymmetricKeyType: 'ec',
    namedCurve: 'P-256',
  });
}

function accepts(ecdh: ReturnType<typeof createECDH>, scalar: Buffer): boolean {
  try {
    ecdh.setPrivateKey(scalar);
    return true;
  } catch {
    return false;
  }
}
