/** Private keys that come in and go out, encrypted to the sealed processes or by them (RFC 9180): never in clear here. */
import { DomainError } from '../domain-error.ts';
import type { KeyDependencies, Keys } from '../keys.ts';
import { findTransfers } from './find-custody.ts';
import { changedMeanwhile, findKey, requireOnKey } from './find-key.ts';
import { planKey, recordOf } from './plan-key.ts';

/** X25519. */
const PUBLIC_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** An RSA-8192 key has about 5 KB. */
const MAX_CIPHERTEXT_BYTES = 32 * 1024;

export function createKeyTransfers(
  dependencies: KeyDependencies,
): Pick<Keys, 'importPublicKey' | 'importEncrypted' | 'exportEncrypted'> {
  const { keys, custodies, governsKey, now } = dependencies;

  return {
    async importPublicKey() {
      for (const { transfers } of custodies.values()) if (transfers !== undefined) return transfers.importPublicKey();
      throw new DomainError('not_supported', 'no custody of this server imports keys');
    },

    async importEncrypted(caller, request, message) {
      if (request.persistence !== 'stored') throw new DomainError('invalid_request', 'an imported key is stored');
      if (message.enc.length !== PUBLIC_KEY_BYTES)
        throw new DomainError('invalid_request', `the encapsulated key has ${PUBLIC_KEY_BYTES} bytes`);
      const { length } = message.ciphertext;
      if (length <= TAG_BYTES || length > MAX_CIPHERTEXT_BYTES)
        throw new DomainError('invalid_request', `a ciphertext has ${TAG_BYTES + 1} to ${MAX_CIPHERTEXT_BYTES} bytes`);
      const transfers = findTransfers(custodies, request.custody);
      const plan = await planKey(dependencies, caller, request, 'import-key');
      const pair = await transfers.importEncrypted(plan.terms, message);
      const record = { ...recordOf(caller.principal, plan, pair, now()), imported: true };
      await keys.insert(record);
      return record;
    },

    async exportEncrypted(caller, id, recipient) {
      const key = await findKey(keys, caller, { by: 'id', id });
      requireOnKey(caller, 'export-key', key, 'export this key');
      const transfers = findTransfers(custodies, key.custody);
      if (recipient.length !== PUBLIC_KEY_BYTES)
        throw new DomainError('invalid_request', `the recipient's X25519 public key has ${PUBLIC_KEY_BYTES} bytes`);
      if (!key.exportable) throw new DomainError('key_not_usable', 'the key was not made exportable');
      if (!key.enabled) throw new DomainError('key_not_usable', 'the key is disabled');
      const policy = await governsKey?.(key);
      if (policy !== undefined)
        throw new DomainError(
          'denied_by_policy',
          `policy "${policy}" governs signatures of this key, and outside nothing would hold it`,
        );
      const message = await transfers.exportEncrypted(key, recipient);
      // It leaves only after it is on record that it did.
      const by = caller.principal.id;
      const exported = await keys.change(key.accountId, id, key.version, { exportedAtMs: now() }, by);
      if (exported === undefined) throw changedMeanwhile();
      return message;
    },
  };
}
