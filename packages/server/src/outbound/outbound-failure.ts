/** Why a call to the outside failed. `message` is one line for people: no addresses, nothing about the inside. */
export class OutboundFailure extends Error {
  override readonly name = 'OutboundFailure';
  readonly code: OutboundFailureCode;
  constructor(code: OutboundFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type OutboundFailureCode =
  /** The URL or host isn't one that we call. */
  | 'bad-target'
  /** The operator's list doesn't have it. */
  | 'not-allowed'
  /** No such name, nobody there, TLS refused, connection lost. */
  | 'unreachable'
  | 'timeout'
  /** Too many calls are under way. */
  | 'busy'
  /** An answer that breaks a limit or the protocol. */
  | 'bad-answer';
