import { type Keep, ProtocolAbort, round, type Step } from '../../src/protocol.ts';
import { digest } from './test-identities.ts';

export interface ToyParts {
  readonly me: number;
  readonly parties: number;
  readonly rounds: number;
  readonly session: Uint8Array;
  /** Marks every broadcast, so that plaintext is found where it leaks. */
  readonly marker: string;
  readonly keep?: (round: number) => Keep | undefined;
  /** What this party says instead in a round. */
  readonly forge?: (round: number, honest: Buffer) => Buffer;
  /** Whose broadcasts this party takes for right. */
  readonly isBlindTo?: number;
  /** Follows every broadcast, to make it long. */
  readonly padding?: Uint8Array;
  readonly onAbandon?: () => void;
}

/**
 * In every round each party says its position, the round and the hash of everything before it; whoever says something
 * else breaks the protocol. The result is the hash of all that was said.
 */
export function toyProtocol(parts: ToyParts): Step<string> {
  return toyRound(parts, 1, digest(`start ${Buffer.from(parts.session).toString('hex')}`));
}

function toyRound(parts: ToyParts, number: number, state: Buffer): Step<string> {
  if (number > parts.rounds) return { kind: 'finished', result: state.toString('hex') };
  const honest = broadcastOf(parts, parts.me, number, state);
  return round({
    broadcast: parts.forge?.(number, honest) ?? honest,
    keep: parts.keep?.(number),
    next: (broadcasts) => {
      if (broadcasts.length !== parts.parties) throw new Error('not one broadcast for each party');
      const culprits = broadcasts.flatMap((broadcast, party) =>
        party === parts.isBlindTo || broadcastOf(parts, party, number, state).equals(broadcast) ? [] : [party],
      );
      if (culprits.length > 0) throw new ProtocolAbort(culprits, `broadcast of round ${number} is wrong`);
      return toyRound(parts, number + 1, digest(`${number} ${Buffer.concat([...broadcasts]).toString('hex')}`));
    },
    abandon: () => parts.onAbandon?.(),
  });
}

function broadcastOf({ marker, padding }: ToyParts, party: number, number: number, state: Buffer): Buffer {
  const said = Buffer.from(`${marker} party ${party} round ${number} ${state.toString('hex')}`);
  return padding === undefined ? said : Buffer.concat([said, padding]);
}
