/** What a threshold operation needs of a relay. The adapter is `server/relay`. */
export interface Room {
  /** Of the carrier room, which fixes how many parties there are. */
  readonly size: number;
  /** Rooms of the request that the relay refused, by id, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** To all other members, those included who join later. */
  send(frame: Uint8Array): void;
  leave(): void;
}

export interface RoomEvents {
  readonly onFrame: (slot: number, frame: Uint8Array) => void;
  /** Another member is gone: it is through, or its connection was lost. It doesn't come back. */
  readonly onLeft: () => void;
  /** The room is over, or the relay can't be reached any more. Called at most once, and not after `leave`. */
  readonly onEnd: (reason: string) => void;
}

export interface Rooms {
  /** A room at this server's own relay. @throws DomainError `unavailable` with subject `room` */
  create(size: number): Promise<string>;
  /**
   * Joins the carrier room, the first of `rooms`, and takes the others for this party.
   * @param relay `host:port`; undefined: this server's own
   * @throws DomainError `ceremony_failed` where it can't be joined, `invalid_request` for an address that isn't allowed
   */
  join(relay: string | undefined, rooms: readonly string[], events: RoomEvents): Promise<Room>;
}
