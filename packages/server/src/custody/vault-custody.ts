/** Custody `vault`: keys lie wrapped in the database and are opened only inside the sealed processes. */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { DomainError } from '@countersign/core/domain-error';
import { PermitSet } from '@countersign/core/permit';
import type { Custody, CustodySignature, SealedKeyPair, SealingTerms } from '@countersign/core/ports/custody';
import { CostEstimate } from './cost-estimate.ts';
import { FRAME_TYPES, type FrameType } from './frames.ts';
import { type ItemOperation, ItemWork, KeyPacker } from './item-work.ts';
import { packKeyEntry } from './messages/key-entry.ts';
import { packKeyPairRequest, parseKeyPairReply } from './messages/key-pair-message.ts';
import { readSignReply, UNSIGNED } from './messages/sign-reply.ts';
import type { SealedPools } from './sealed-pools.ts';
import { SingleMessageWork } from './single-message-work.ts';

/** More than a message's target time, so that a generator has one key to make at a time. */
const KEY_PAIR_US = 1_000_000;

const SIGN: ItemOperation<CustodySignature> = {
  requestType: FRAME_TYPES.sign,
  replyType: FRAME_TYPES.signReply,
  packKey: (key) => (key.sealed === undefined ? undefined : packKeyEntry(key, key.sealed)),
  readReply: readSignReply,
  unusableKey: UNSIGNED.refused,
  tooLarge: UNSIGNED.invalid,
  lost: UNSIGNED.unavailable,
};

export class VaultCustody implements Custody {
  readonly name = 'vault';
  readonly #pools: SealedPools;
  readonly #packer = new KeyPacker(SIGN.packKey, new CostEstimate());

  constructor(pools: SealedPools) {
    this.#pools = pools;
  }

  async sign(permits: PermitSet): Promise<readonly CustodySignature[]> {
    const { batchId, items } = PermitSet.redeem(permits);
    const work = new ItemWork(SIGN, this.#packer, batchId, items);
    this.#pools.signer.submit(work);
    return work.done;
  }

  generate(terms: SealingTerms, parameters: KeyParameters): Promise<SealedKeyPair> {
    return this.#makeKey(FRAME_TYPES.generate, terms, parameters, new Uint8Array(0));
  }

  importKey(terms: SealingTerms, encoded: Uint8Array): Promise<SealedKeyPair> {
    if (encoded.length === 0) throw new DomainError('invalid_request', 'the private key is empty');
    return this.#makeKey(FRAME_TYPES.import, terms, {}, encoded);
  }

  async #makeKey(
    type: FrameType,
    terms: SealingTerms,
    parameters: KeyParameters,
    encoded: Uint8Array,
  ): Promise<SealedKeyPair> {
    const frame = packKeyPairRequest(type, terms, parameters, encoded);
    if (frame === undefined) throw new DomainError('invalid_request', 'the private key is too large');
    try {
      const work = new SingleMessageWork({
        frame,
        replyType: FRAME_TYPES.keyPairReply,
        estimateUs: KEY_PAIR_US,
        readReply: parseKeyPairReply,
      });
      this.#pools.generator.submit(work);
      const reply = await work.done;
      if (reply === undefined) throw new DomainError('unavailable', 'no key could be made at the moment; try again');
      switch (reply.status) {
        case 'done':
          return reply.pair;
        case 'invalid':
          throw new DomainError('invalid_request', reply.reason);
        case 'not-supported':
          throw new DomainError('not_supported', reply.reason);
        case 'fault':
          throw new DomainError('internal', 'the key could not be made');
      }
    } finally {
      // It held the imported key; by now the generator has it, or never will.
      frame.fill(0);
    }
  }
}
