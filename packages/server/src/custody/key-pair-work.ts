import { FRAME_TYPES } from './frames.ts';
import { type KeyPairReply, parseKeyPairReply } from './messages/key-pair-message.ts';
import type { PoolMessage, PoolWork } from './pool-work.ts';

/** More than a message's target time, so that a generator has one key to make at a time. */
const ESTIMATE_US = 1_000_000;

/** One generation or import; `done` gives undefined when the process was lost or none was free in time. */
export class KeyPairWork implements PoolWork {
  readonly done: Promise<KeyPairReply | undefined>;
  readonly remainingUs = ESTIMATE_US;
  readonly #resolve: (reply: KeyPairReply | undefined) => void;
  readonly #frame: Buffer;
  #taken = false;

  constructor(frame: Buffer) {
    const { promise, resolve } = Promise.withResolvers<KeyPairReply | undefined>();
    this.done = promise;
    this.#resolve = resolve;
    this.#frame = frame;
  }

  get remainingItems(): number {
    return this.#taken ? 0 : 1;
  }

  take(): PoolMessage {
    this.#taken = true;
    return {
      frame: this.#frame,
      replyType: FRAME_TYPES.keyPairReply,
      itemCount: 1,
      estimateUs: ESTIMATE_US,
      complete: (body) => this.#resolve(parseKeyPairReply(body)),
      lost: () => this.#resolve(undefined),
    };
  }

  abandon(): void {
    this.#taken = true;
    this.#resolve(undefined);
  }
}
