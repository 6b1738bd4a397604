/** The port `Verifier`: checks signatures in keyless processes, so that the HTTP process loads no native code. */
import type { VerificationJob, Verifier } from '@countersign/core/ports/custody';
import { CostEstimate } from './cost-estimate.ts';
import { FRAME_TYPES } from './frames.ts';
import { type ItemOperation, ItemWork, KeyPacker } from './item-work.ts';
import { packKeyEntry } from './messages/key-entry.ts';
import { readVerifyReply } from './messages/verify-reply.ts';
import type { SealedPools } from './sealed-pools.ts';

type Verdict = boolean | 'invalid' | undefined;

const VERIFY: ItemOperation<Verdict> = {
  requestType: FRAME_TYPES.verify,
  replyType: FRAME_TYPES.verifyReply,
  packKey: (key) => packKeyEntry(key, undefined),
  readReply: readVerifyReply,
  unusableKey: 'invalid',
  tooLarge: 'invalid',
  lost: undefined,
};

export class KeylessVerifier implements Verifier {
  readonly #pools: SealedPools;
  readonly #packer = new KeyPacker(VERIFY.packKey, new CostEstimate());

  constructor(pools: SealedPools) {
    this.#pools = pools;
  }

  verify(jobs: readonly VerificationJob[]): Promise<readonly Verdict[]> {
    const work = new ItemWork(VERIFY, this.#packer, 0, jobs);
    this.#pools.verifier.submit(work);
    return work.done;
  }
}
