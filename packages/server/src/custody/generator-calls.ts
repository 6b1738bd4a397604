/** Messages to the generator process, and what its answers mean to a caller. */
import { DomainError } from '@countersign/core/domain-error';
import type { SealedKeyPair } from '@countersign/core/ports/custody';
import { FRAME_TYPES, type FrameType } from './frames.ts';
import { type KeyPairStatus, parseKeyPairReply } from './messages/key-pair-message.ts';
import { parseTransferReply, type TransferReply } from './messages/transfer-message.ts';
import type { SealedPools } from './sealed-pools.ts';
import { SingleMessageWork } from './single-message-work.ts';

/** More than a message's target time, so that a generator has one key to make at a time. */
const KEY_PAIR_US = 1_000_000;

type Reply = { readonly status: 'done' } | { readonly status: Exclude<KeyPairStatus, 'done'>; readonly reason: string };

export class GeneratorCalls {
  readonly #pools: SealedPools;

  constructor(pools: SealedPools) {
    this.#pools = pools;
  }

  /**
   * `frame` is wiped: it may hold an imported key. Undefined: it was too large to be packed.
   * @throws DomainError
   */
  async keyPair(frame: Buffer | undefined): Promise<SealedKeyPair> {
    if (frame === undefined) throw new DomainError('invalid_request', 'the private key is too large');
    const reply = await this.#call(frame, FRAME_TYPES.keyPairReply, parseKeyPairReply);
    return reply.pair;
  }

  /** @throws DomainError */
  transfer(frame: Buffer): Promise<Extract<TransferReply, { readonly status: 'done' }>> {
    return this.#call(frame, FRAME_TYPES.transferReply, parseTransferReply);
  }

  async #call<R extends Reply>(
    frame: Buffer,
    replyType: FrameType,
    readReply: (body: Buffer) => R,
  ): Promise<Extract<R, { readonly status: 'done' }>> {
    try {
      const work = new SingleMessageWork({ frame, replyType, estimateUs: KEY_PAIR_US, readReply });
      this.#pools.generator.submit(work);
      const reply = await work.done;
      if (reply === undefined)
        throw new DomainError('unavailable', 'no key could be made or moved at the moment; try again');
      if (isDone(reply)) return reply;
      throw failureOf(reply);
    } finally {
      // By now the generator has it, or never will.
      frame.fill(0);
    }
  }
}

function isDone<R extends Reply>(reply: R): reply is Extract<R, { readonly status: 'done' }> {
  return reply.status === 'done';
}

function failureOf(reply: Reply): DomainError {
  switch (reply.status) {
    case 'invalid':
      return new DomainError('invalid_request', reply.reason);
    case 'not-supported':
      return new DomainError('not_supported', reply.reason);
    case 'refused':
      return new DomainError('key_not_usable', reply.reason);
    case 'done':
    case 'fault':
      return new DomainError('internal', 'the key could not be made or moved');
  }
}
