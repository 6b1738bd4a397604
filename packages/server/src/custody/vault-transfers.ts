/** Children, import and export of the vault's keys: requests to the generator, which alone sees private halves. */
import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import type { HpkeSealed, KeyTransfers, SealedKeyPair, SealingTerms } from '@countersign/core/ports/custody';
import { FRAME_TYPES } from './frames.ts';
import type { GeneratorCalls } from './generator-calls.ts';
import { packChildOrigin } from './messages/child-origin.ts';
import { packKeyEntry } from './messages/key-entry.ts';
import { packKeyPairRequest } from './messages/key-pair-message.ts';
import { PUBLIC_KEY_BYTES, packExportRequest, packImportKeyRequest } from './messages/transfer-message.ts';

export class VaultTransfers implements KeyTransfers {
  readonly #calls: GeneratorCalls;

  constructor(calls: GeneratorCalls) {
    this.#calls = calls;
  }

  async importPublicKey(): Promise<Uint8Array> {
    return (await this.#calls.transfer(packImportKeyRequest())).publicKey;
  }

  async importEncrypted(terms: SealingTerms, { enc, ciphertext }: HpkeSealed): Promise<SealedKeyPair> {
    if (enc.length !== PUBLIC_KEY_BYTES) throw new DomainError('invalid_request', 'the encapsulated key has 32 bytes');
    const message = Buffer.concat([enc, ciphertext]);
    return this.#calls.keyPair(packKeyPairRequest(FRAME_TYPES.importEncrypted, terms, {}, message));
  }

  async exportEncrypted(key: KeyRecord, recipient: Uint8Array): Promise<HpkeSealed> {
    if (recipient.length !== PUBLIC_KEY_BYTES)
      throw new DomainError('invalid_request', "the recipient's public key has 32 bytes");
    const { publicKey, ciphertext } = await this.#calls.transfer(packExportRequest(recipient, entryOf(key)));
    return { enc: publicKey, ciphertext };
  }

  async deriveChild(parent: KeyRecord, path: readonly number[], terms: SealingTerms): Promise<SealedKeyPair> {
    const origin = packChildOrigin(path, entryOf(parent));
    if (origin === undefined) throw new DomainError('invalid_request', 'the derivation path is too long');
    return this.#calls.keyPair(packKeyPairRequest(FRAME_TYPES.deriveChild, terms, {}, origin));
  }
}

function entryOf(key: KeyRecord): Buffer {
  const entry = key.sealed === undefined ? undefined : packKeyEntry(key, key.sealed);
  if (entry === undefined) throw new DomainError('key_not_usable', 'the key has no private half here');
  return entry;
}
