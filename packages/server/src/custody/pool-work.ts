import type { FrameType } from './frames.ts';

/** One message to a sealed process, ready but for its number. Exactly one of `complete` and `lost` is called. */
export interface PoolMessage {
  readonly frame: Buffer;
  readonly replyType: FrameType;
  readonly itemCount: number;
  /** What it is expected to take in the sealed process. */
  readonly estimateUs: number;
  /** The answer's body. @throws FrameError when it isn't well-formed; `lost` is called then, too */
  readonly complete: (body: Buffer) => void;
  /** The process died, timed out or broke the format: whether it acted on the message isn't known. */
  readonly lost: () => void;
}

/** Something that a pool works off message by message, taking turns with others. */
export interface PoolWork {
  /** Items that aren't in any message yet. */
  readonly remainingItems: number;
  readonly remainingUs: number;
  /** The next message: about `budgetUs` long, at least one item. Only called while items remain. */
  readonly take: (budgetUs: number) => PoolMessage;
  /** What isn't in any message will not be sent. */
  readonly abandon: () => void;
}
