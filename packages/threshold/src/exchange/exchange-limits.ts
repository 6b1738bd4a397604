/** Format bounds, the same for everybody; the two first may be lowered by the host. */
export interface ExchangeLimits {
  /** Of one hello or one broadcast of the protocol. */
  readonly payloadBytes: number;
  /** Of what came before it could be used, all parties together. */
  readonly bufferedBytes: number;
  /** Frames that are looked at in one room; what comes after them is dropped unread. */
  readonly frames: number;
}

export const DEFAULT_LIMITS: ExchangeLimits = {
  payloadBytes: 1024 * 1024,
  bufferedBytes: 32 * 1024 * 1024,
  frames: 2000,
};

/** Parties of one key, and of one room. */
export const MAX_PARTIES = 20;
export const MAX_ROOM_ID_BYTES = 256;
export const MAX_OPERATION_BYTES = 64;
/** UTF-16 units of a reason, as people get to see it. */
export const MAX_REASON_LENGTH = 500;
