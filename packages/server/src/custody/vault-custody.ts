/** Custody `vault`: keys lie wrapped in the database and are opened only inside the sealed processes. */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { DomainError } from '@countersign/core/domain-error';
import { PermitSet } from '@countersign/core/permit';
import type {
  Custody,
  CustodySignature,
  KeyTransfers,
  SealedKeyPair,
  SealingTerms,
} from '@countersign/core/ports/custody';
import { CostEstimate } from './cost-estimate.ts';
import { FRAME_TYPES } from './frames.ts';
import { GeneratorCalls } from './generator-calls.ts';
import { type ItemOperation, ItemWork, KeyPacker } from './item-work.ts';
import { packKeyEntry } from './messages/key-entry.ts';
import { packKeyPairRequest } from './messages/key-pair-message.ts';
import { readSignReply, UNSIGNED } from './messages/sign-reply.ts';
import type { SealedPools } from './sealed-pools.ts';
import { VaultTransfers } from './vault-transfers.ts';

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
  readonly transfers: KeyTransfers;
  readonly #pools: SealedPools;
  readonly #generator: GeneratorCalls;
  readonly #packer = new KeyPacker(SIGN.packKey, new CostEstimate());

  constructor(pools: SealedPools) {
    this.#pools = pools;
    this.#generator = new GeneratorCalls(pools);
    this.transfers = new VaultTransfers(this.#generator);
  }

  async sign(permits: PermitSet): Promise<readonly CustodySignature[]> {
    const { batchId, items } = PermitSet.redeem(permits);
    const work = new ItemWork(SIGN, this.#packer, batchId, items);
    this.#pools.signer.submit(work);
    return work.done;
  }

  async generate(terms: SealingTerms, parameters: KeyParameters): Promise<SealedKeyPair> {
    return this.#generator.keyPair(packKeyPairRequest(FRAME_TYPES.generate, terms, parameters, new Uint8Array(0)));
  }

  async importKey(terms: SealingTerms, encoded: Uint8Array): Promise<SealedKeyPair> {
    if (encoded.length === 0) throw new DomainError('invalid_request', 'the private key is empty');
    return this.#generator.keyPair(packKeyPairRequest(FRAME_TYPES.import, terms, {}, encoded));
  }
}
