import type { JoinRefusal } from './relay-wire.ts';

/**
 * Why something couldn't be had from a relay. `bad-address`, `bad-room`, `not-allowed`: it wasn't asked. `unreachable`,
 * `timeout`, `protocol`: it didn't answer as a relay. `refused`: it said no. `busy`: too many relays in use at once.
 */
export type RelayErrorCode =
  | 'bad-address'
  | 'bad-room'
  | 'not-allowed'
  | 'unreachable'
  | 'timeout'
  | 'protocol'
  | 'refused'
  | 'busy'
  | 'closed';

export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: RelayErrorCode;
  /** Where a join was refused: what the relay said of each room, in the order asked; a number is a size. */
  readonly rooms: readonly (number | JoinRefusal)[] | undefined;

  constructor(
    code: RelayErrorCode,
    message: string,
    options: ErrorOptions & { readonly rooms?: readonly (number | JoinRefusal)[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.rooms = options.rooms;
  }
}
