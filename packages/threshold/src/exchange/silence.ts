import type { Accusation, Running } from './accusation.ts';
import type { Ending } from './ending.ts';
import type { HelloRound } from './hello-round.ts';
import type { Room } from './room.ts';
import type { RoundLog } from './round-log.ts';

const RELAY_HINT = 'the relay may be the cause';

/** How an exchange ends when nothing comes any more: who is missing, without blame. */
export function silence(
  room: Room,
  hellos: HelloRound,
  running: Running | undefined,
  waitingFor: 'frames' | 'keep' | 'reports' | Accusation,
): Ending {
  const silent = (parties: readonly number[], reason: string): Ending => ({
    cause: 'silence',
    silent: parties,
    reason: `${reason}; ${RELAY_HINT}`,
  });
  if (running === undefined) {
    const absent = hellos.absent();
    const came = room.candidates.length - absent.length;
    return silent(absent, `${came} of ${room.size} parties came; not heard of: ${room.namesOf(absent)}`);
  }
  const { log } = running;
  switch (waitingFor) {
    case 'keep':
      return { cause: 'abandoned', reason: "what this server has to keep wasn't stored in time" };
    case 'frames': {
      const missing = log.missing();
      return silent(missing, `no frame for round ${log.completed + 1} from ${room.namesOf(missing)}`);
    }
    case 'reports': {
      const claimants = log.claimants();
      return silent(claimants, `${room.namesOf(claimants)} saw other frames ${inRound(log)} and didn't show them`);
    }
    default: {
      const unconfirmed = waitingFor.unconfirmed(running);
      const names = room.namesOf(unconfirmed);
      return silent(unconfirmed, `${waitingFor.reason}; unconfirmed, since nothing came from ${names}`);
    }
  }
}

/** The last complete round, in words. */
export function inRound(log: RoundLog): string {
  return log.completed === 0 ? 'in the hello round' : `in round ${log.completed}`;
}
