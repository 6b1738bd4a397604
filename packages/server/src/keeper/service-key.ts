import sodium from 'sodium-native';

const LABEL = 'countersign service key v1\0';

/**
 * What the HTTP process encrypts its own secrets with (those of webhooks): a database without the root key gives none of
 * them away. HMAC-SHA-512-256 (libsodium's `crypto_auth`) of a fixed label and the installation id, so that it leads to
 * nothing that a root key protects. Computed on locked memory, without a copy of the root key.
 *
 * @param rootKey 32 bytes
 * @returns 32 bytes
 */
export function serviceKey(rootKey: Buffer, installationId: string): Uint8Array {
  const key = Buffer.alloc(sodium.crypto_auth_BYTES);
  sodium.crypto_auth(key, Buffer.from(LABEL + installationId, 'utf8'), rootKey);
  return key;
}
