/** The public key of a rule server, as an administrator registers it. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { RuleAlgorithm } from './external-rule.ts';

const MAX_PEM_CHARACTERS = 4096;
/** Below 2048 bits RS256 isn't allowed (RFC 7518, section 3.3); above 8192 a check takes noticeable time. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
/** Larger ones only make checks slow. */
const MAX_RSA_EXPONENT = 0xffff_ffffn;
/** One block and nothing else: Node would also take a private key or a certificate, and pass over a second block. */
const ONE_PUBLIC_KEY = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----$/;

export type ParsedRuleKey =
  | { readonly ok: true; readonly publicKeyPem: string }
  | { readonly ok: false; readonly reason: string };

/** Checks kind and size of the key and writes it in one form (SubjectPublicKeyInfo, PEM). */
export function parseRuleKey(pem: string, algorithm: RuleAlgorithm): ParsedRuleKey {
  const text = pem.length > MAX_PEM_CHARACTERS ? '' : pem.trim();
  if (!ONE_PUBLIC_KEY.test(text)) return refused('must be one PEM block "PUBLIC KEY"');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: text, format: 'pem', type: 'spki' });
  } catch {
    return refused('is not a SubjectPublicKeyInfo that can be read');
  }
  const problem = algorithm === 'ES256' ? refuseP256(key) : refuseRsa(key);
  if (problem !== undefined) return refused(problem);
  return { ok: true, publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString() };
}

function refuseP256(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? undefined
    : 'must be a P-256 key for ES256';
}

function refuseRsa(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'rsa') return 'must be an RSA key for RS256';
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS)
    return `must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits for RS256`;
  return publicExponent < 3n || publicExponent > MAX_RSA_EXPONENT || publicExponent % 2n === 0n
    ? 'has a public exponent that is not accepted'
    : undefined;
}

function refused(problem: string): ParsedRuleKey {
  return { ok: false, reason: `the rule's public key ${problem}` };
}
