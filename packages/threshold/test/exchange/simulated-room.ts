import { Exchange, type ExchangeOptions } from '../../src/exchange/exchange.ts';
import type { Aborted, Output } from '../../src/exchange/exchange-output.ts';
import type { IdentitySecret } from '../../src/exchange/identity.ts';
import { seededRandom, testIdentity } from './test-identities.ts';
import { type ToyParts, toyProtocol } from './toy-protocol.ts';

export const MARKER = 'SECRET-MARKER-OF-A-BROADCAST';
export const HELLO_MARKER = 'SECRET-MARKER-OF-A-HELLO';

export interface SimulatedParty {
  readonly exchange: Exchange<string>;
  readonly slot: number;
  /** Position among the candidates. */
  readonly candidate: number;
  status: Output<string>['status'];
}

export interface Delivery {
  readonly from: number;
  readonly to: number;
  readonly frame: Uint8Array;
}

export interface RoomSetup {
  readonly candidates: number;
  /** Who comes, as positions among the candidates; their place here is their slot. */
  readonly present: readonly number[];
  readonly rounds?: number;
  readonly roomId?: string;
  readonly seed?: string;
  readonly toy?: (slot: number) => Partial<ToyParts>;
  readonly options?: (slot: number) => Partial<ExchangeOptions<string>>;
}

/** Parties in one room and what is under way between them; which delivery comes next is the test's choice. */
export class SimulatedRoom {
  readonly parties: readonly SimulatedParty[];
  /** Not delivered yet. */
  readonly pending: Delivery[] = [];
  /** Everything that ever left a party, in order. */
  readonly sent: { readonly from: number; readonly frame: Uint8Array }[] = [];

  constructor(setup: RoomSetup) {
    this.parties = setup.present.map((candidate, slot) => ({
      exchange: new Exchange(exchangeOptions(setup, candidate, slot)),
      slot,
      candidate,
      status: 'waiting',
    }));
  }

  start(): void {
    for (const party of this.parties) this.apply(party, party.exchange.start());
  }

  /** Records an output; the broadcasts are under way to everybody else. */
  apply(party: SimulatedParty, output: Output<string>): void {
    party.status = output.status;
    for (const frame of output.send) this.broadcast(party.slot, frame);
    if (output.keep !== undefined) this.apply(party, party.exchange.kept());
  }

  broadcast(from: number, frame: Uint8Array): void {
    this.sent.push({ from, frame });
    for (const { slot } of this.parties) if (slot !== from) this.pending.push({ from, to: slot, frame });
  }

  deliver({ from, to, frame }: Delivery): void {
    const party = this.parties[to];
    if (party !== undefined) this.apply(party, party.exchange.receive(from, frame));
  }

  /** Delivers all there is, and what comes of it. @param pick which of `length` deliveries is next; below 0: stop */
  run(pick: (length: number) => number = () => 0): void {
    for (;;) {
      const place = pick(this.pending.length);
      if (place < 0) return;
      const [next] = this.pending.splice(place, 1);
      if (next === undefined) return;
      this.deliver(next);
    }
  }

  timeOut(): void {
    for (const party of this.parties) this.apply(party, party.exchange.timeOut());
  }

  results(): readonly (string | undefined)[] {
    return this.parties.map(({ status }) => (status !== 'waiting' && 'done' in status ? status.done : undefined));
  }

  aborts(): readonly (Aborted | undefined)[] {
    return this.parties.map(({ status }) => (status !== 'waiting' && 'aborted' in status ? status.aborted : undefined));
  }

  isOver(): boolean {
    return this.parties.every(({ status }) => status !== 'waiting');
  }
}

export function exchangeOptions(setup: RoomSetup, candidate: number, slot: number): ExchangeOptions<string> {
  const identities: readonly IdentitySecret[] = Array.from({ length: setup.candidates }, (_, i) => testIdentity(i));
  const me = identities[candidate];
  if (me === undefined) throw new Error('no such candidate');
  return {
    roomId: setup.roomId ?? 'a room',
    roomSize: setup.present.length,
    operation: 'toy',
    me,
    candidates: identities.map((identity, i) => ({ identity: identity.public, name: `server ${i}` })),
    hello: Buffer.from(HELLO_MARKER),
    checkHellos: (meeting) =>
      toyProtocol({
        me: meeting.me,
        parties: meeting.parties.length,
        rounds: setup.rounds ?? 2,
        session: meeting.session,
        marker: MARKER,
        ...setup.toy?.(slot),
      }),
    random: seededRandom(`${setup.seed ?? ''} ${setup.roomId ?? ''} ${slot}`),
    ...setup.options?.(slot),
  };
}
