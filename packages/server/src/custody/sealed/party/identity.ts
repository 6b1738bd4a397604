/** This server's identity inside the party process: made, opened, and used for its three purposes. */
import { createECDH, createPrivateKey, createPublicKey, sign } from 'node:crypto';
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
/** `typ` of what the P-256 key signs, and nothing else. */
const QUESTION_TYPE = 'countersign-rule-question+jwt';
const MAX_HEADER_CHARACTERS = 512;

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
      questionKey: createPublicKey(questionKey(question)).export({ format: 'der', type: 'spki' }),
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
    return {
      exchange: loadIdentity(seed, channel),
      signQuestion: (signingInput) =>
        isQuestion(signingInput) ? sign('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' }) : undefined,
    };
  } finally {
    opened.free();
  }
}

/** A taken-over HTTP process may ask for signatures; they are questions of ours and nothing that others would take. */
function isQuestion(signingInput: Uint8Array): boolean {
  const text = Buffer.from(signingInput).toString('latin1');
  const end = text.indexOf('.');
  if (end < 1 || end > MAX_HEADER_CHARACTERS || text.indexOf('.', end + 1) !== -1) return false;
  try {
    const header: unknown = JSON.parse(Buffer.from(text.slice(0, end), 'base64url').toString('utf8'));
    return (
      typeof header === 'object' &&
      header !== null &&
      'alg' in header &&
      header.alg === 'ES256' &&
      'typ' in header &&
      header.typ === QUESTION_TYPE
    );
  } catch {
    return false;
  }
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
