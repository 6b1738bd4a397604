/** Public keys of `key` credentials: which ones are taken, and what their signatures look like. */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';

const verifyAsync = promisify(verify);

export type ParsedCredentialKey =
  | { readonly ok: true; readonly spki: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** RSA of 8192 bits has 1,450 characters. */
const MAX_PEM_CHARACTERS = 4_096;
const MAX_SIGNATURE_BYTES = 1_024;
// Node's parser would take a certificate or a private key as well, and make a public key of it.
const PUBLIC_KEY_PEM = /^\s*-----BEGIN PUBLIC KEY-----[ \t]*\r?\n[A-Za-z0-9+/=\r\n \t]+-----END PUBLIC KEY-----\s*$/;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp256k1']);

/** From SubjectPublicKeyInfo in PEM: Ed25519, EC on P-256 or secp256k1, or RSA of 2048 to 8192 bits. `spki` is DER. */
export function parseCredentialKey(pem: string): ParsedCredentialKey {
  if (pem.length > MAX_PEM_CHARACTERS || !PUBLIC_KEY_PEM.test(pem))
    return { ok: false, reason: 'the public key must be SubjectPublicKeyInfo in PEM ("BEGIN PUBLIC KEY")' };
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem', type: 'spki' });
  } catch {
    return { ok: false, reason: 'the public key can not be read' };
  }
  const refused = refusal(key);
  if (refused !== undefined) return { ok: false, reason: refused };
  return { ok: true, spki: key.export({ format: 'der', type: 'spki' }) };
}

function refusal(key: KeyObject): string | undefined {
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return undefined;
    case 'ec':
      return CURVES.has(namedCurve) ? undefined : 'the curve must be P-256 or secp256k1';
    case 'rsa':
      if (modulusLength < 2048 || modulusLength > 8192) return 'an RSA key must have 2048 to 8192 bits';
      return publicExponent % 2n === 1n && publicExponent >= 3n && publicExponent < 1n << 64n
        ? undefined
        : 'the public exponent of an RSA key must be odd, at least 3 and less than 2^64';
    default:
      return 'the public key must be Ed25519, EC (P-256 or secp256k1) or RSA';
  }
}

/**
 * Whether `signature` is the key's over `message`. The key alone decides how: Ed25519 (64 bytes), ECDSA with SHA-256 in
 * DER (either S), or RSA PKCS #1 v1.5 with SHA-256. A caller never names an algorithm. Checked on another thread: with
 * secp256k1 it takes OpenSSL several hundred microseconds.
 */
export async function verifyCredentialSignature(
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length > MAX_SIGNATURE_BYTES) return false;
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return signature.length === 64 && verifyAsync(null, message, key, signature);
    case 'ec':
      return verifyAsync('sha256', message, { key, dsaEncoding: 'der' }, signature);
    case 'rsa':
      return verifyAsync('sha256', message, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    default:
      return false;
  }
}
