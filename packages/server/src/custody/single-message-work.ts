import type { FrameType } from './frames.ts';
import type { PoolMessage, PoolWork } from './pool-work.ts';

export interface SingleMessage<Reply> {
  readonly frame: Buffer;
  readonly replyType: FrameType;
  /** What it is expected to take in the sealed process, in microseconds. */
  readonly estimateUs: number;
  /** @throws FrameError for an answer that isn't well-formed */
  readonly readReply: (body: Buffer) => Reply;
}

/** One message and its answer; `done` gives undefined when the process was lost or none was free in time. */
export class SingleMessageWork<Reply> implements PoolWork {
  readonly done: Promise<Reply | undefined>;
  readonly remainingUs: number;
  readonly #resolve: (reply: Reply | undefined) => void;
  readonly #message: SingleMessage<Reply>;
  #taken = false;

  constructor(message: SingleMessage<Reply>) {
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.done = promise;
    this.#resolve = resolve;
    this.#message = message;
    this.remainingUs = message.estimateUs;
  }

  get remainingItems(): number {
    return this.#taken ? 0 : 1;
  }

  take(): PoolMessage {
    this.#taken = true;
    const { frame, replyType, estimateUs, readReply } = this.#message;
    return {
      frame,
      replyType,
      itemCount: 1,
      estimateUs,
      complete: (body) => this.#resolve(readReply(body)),
      lost: () => this.#resolve(undefined),
    };
  }

  abandon(): void {
    this.#taken = true;
    this.#resolve(undefined);
  }
}
