import sodium from 'sodium-native';

const LABEL = 'countersign root key check v1\0';

/**
 * What the database keeps to recognise its root key: HMAC-SHA-512-256 (libsodium's `crypto_auth`) of a fixed label and
 * the installation id. It tells nothing about a random key, and is no quicker to guess a passphrase by than a wrapped
 * key itself. Computed on locked memory, without a copy of the key.
 *
 * @param key 32 bytes
 * @returns 32 bytes
 */
export function rootKeyCheck(key: Buffer, installationId: string): Uint8Array {
  const check = Buffer.alloc(sodium.crypto_auth_BYTES);
  sodium.crypto_auth(check, Buffer.from(LABEL + installationId, 'utf8'), key);
  return check;
}

/** Compares in constant time. */
export function isRootKeyOf(key: Buffer, installationId: string, check: Uint8Array): boolean {
  if (check.length !== sodium.crypto_auth_BYTES) return false;
  return sodium.crypto_auth_verify(Buffer.from(check), Buffer.from(LABEL + installationId, 'utf8'), key);
}
