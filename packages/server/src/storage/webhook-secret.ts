/**
 * Secrets of webhooks as they are stored. The service has to sign with them, so a digest wouldn't do; encrypted, a copy
 * of the database alone signs nothing in our name. Whoever has taken over the HTTP process can read them.
 *
 *   version u8 = 1, nonce 12 bytes, ciphertext, tag 16 bytes
 *
 * AES-256-GCM (NIST SP 800-38D) under HKDF-SHA256(service key, salt = account id and webhook id): moved to another row, a
 * sealed secret doesn't open.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { DomainError } from '@countersign/core/domain-error';
import { idBytes } from '@countersign/core/ids';
import type { Webhook } from '@countersign/core/webhooks/webhook';

const SERVICE_KEY_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_SECRET_BYTES = 256;
const CIPHER = 'aes-256-gcm';
const INFO = 'countersign webhook secret v1';

type Owner = Pick<Webhook, 'id' | 'accountId'>;

/** `serviceKey`: 32 bytes. `secret`: 1 to 256 bytes. @throws RangeError for other lengths */
export function sealWebhookSecret(serviceKey: Uint8Array, owner: Owner, secret: Uint8Array): Uint8Array {
  if (secret.length < 1 || secret.length > MAX_SECRET_BYTES) throw new RangeError('secret: 1 to 256 bytes');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFor(serviceKey, owner), nonce, { authTagLength: TAG_BYTES });
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, ciphertext, cipher.getAuthTag()]);
}

/** @throws DomainError `internal` for what was sealed under another key or for another webhook, or was altered */
export function openWebhookSecret(serviceKey: Uint8Array, owner: Owner, sealed: Uint8Array): Uint8Array {
  const ciphertextEnd = sealed.length - TAG_BYTES;
  if (sealed[0] !== VERSION || ciphertextEnd <= 1 + NONCE_BYTES) throw unreadable(owner);
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, keyFor(serviceKey, owner), nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(ciphertextEnd));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, ciphertextEnd)), decipher.final()]);
  } catch (error) {
    throw unreadable(owner, error);
  }
}

function keyFor(serviceKey: Uint8Array, { accountId, id }: Owner): Uint8Array {
  if (serviceKey.length !== SERVICE_KEY_BYTES) throw new RangeError('serviceKey: 32 bytes');
  const salt = Buffer.concat([idBytes(accountId), idBytes(id)]);
  return Buffer.from(hkdfSync('sha256', serviceKey, salt, INFO, 32));
}

function unreadable({ id }: Owner, cause?: unknown): DomainError {
  return new DomainError('internal', `the stored secret of webhook ${id} can't be opened`, { cause });
}
