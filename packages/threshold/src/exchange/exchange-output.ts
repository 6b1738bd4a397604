import type { Keep } from '../protocol.ts';
import type { AbortCause } from './payloads.ts';

export interface Aborted {
  readonly cause: AbortCause;
  /**
   * Who broke the protocol, as positions among the candidates. Shown by what they signed, and never an honest party,
   * whatever the relay and the other parties do; often empty.
   */
  readonly culprits: readonly number[];
  /** From whom something is missing: they may be down, or the relay may keep their frames back. No blame. */
  readonly silent: readonly number[];
  /** Who ended the operation, if it was another party; for the reason that it gave. No blame. */
  readonly gaveUp: number | undefined;
  /** For people, at most 500 UTF-16 units, without control characters. Names parties by the names they were given. */
  readonly reason: string;
  /** With the cause `internal`: what the protocol, or the host's code, threw. For the host's log. */
  readonly error: unknown;
}

export interface Output<Result> {
  /** Frames to broadcast in the room, in this order. */
  readonly send: readonly Uint8Array[];
  /** To be made durable, then `kept()`; given once. The host wipes what is secret in it. */
  readonly keep?: Keep;
  /** `done` and `aborted` are final; the frames in `send` still have to go out. */
  readonly status: 'waiting' | { readonly done: Result } | { readonly aborted: Aborted };
}
