import { writeBase64 } from './base64.ts';

/** SubjectPublicKeyInfo in DER as PEM (RFC 7468). */
export function pemOf(spki: Uint8Array): string {
  const lines = writeBase64(spki).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
