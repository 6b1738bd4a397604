import type { Ending, Judgement } from './ending.ts';
import type { Mail } from './mailbox.ts';
import { decodeReport, type ReportPayload } from './payloads.ts';
import { lieOf } from './report.ts';
import type { Room } from './room.ts';
import type { RoundLog } from './round-log.ts';
import { equalBytes, isSameStatement, type SignedStatement } from './statement.ts';
import { wellFormed } from './well-formed.ts';

/** An honest party sends two: one when it disputes or accuses, or one when it is done. */
const MAX_REPORTS = 4;

/** What the other parties say that they saw. */
export class Reports {
  readonly #room: Room;
  readonly #log: RoundLog;
  /** By candidate, the last one. */
  readonly #last = new Map<number, SignedStatement>();
  readonly #counts = new Map<number, number>();

  constructor(room: Room, log: RoundLog) {
    this.#room = room;
    this.#log = log;
  }

  /** Takes everything out of a report that is of use: contradictions, and claims that the reporter has met. */
  receive({ candidate, statement, payload }: Mail): Judgement {
    const { round } = statement;
    const last = this.#last.get(candidate);
    if (last !== undefined && isSameStatement(last, statement)) return 'taken';
    const count = (this.#counts.get(candidate) ?? 0) + 1;
    this.#counts.set(candidate, count);
    const { completed, session } = this.#log;
    // Who met others before the first round speaks of another session.
    const isOfSession = round === 0 || equalBytes(statement.session, session);
    const isInTime = round >= completed - 1 && round <= completed + 1;
    if (count > MAX_REPORTS || !isOfSession || !isInTime) return 'dropped';
    const report = wellFormed(() => decodeReport(payload));
    if (report === undefined) return 'dropped';

    const lie = lieOf(this.#context(), candidate, statement, report) ?? this.#withdrawnClaim(candidate, statement);
    if (lie !== undefined) {
      return { cause: 'equivocation', culprits: [candidate], reason: `${this.#room.nameOf(candidate)} ${lie}` };
    }
    for (const shown of [...report.seen, ...report.next]) {
      const contradiction = this.#room.witness(shown.candidate, shown.statement);
      if (contradiction !== undefined) return contradiction;
    }
    this.#last.set(candidate, statement);
    if (round !== completed) return 'taken';
    // No frame contradicts another one, so these can only be the hellos.
    if (!equalBytes(statement.previous, this.#log.lastHash)) return this.#differentMeeting(candidate, report);
    for (const { candidate: party, statement: claim } of report.next) {
      const isParty = this.#log.parties.includes(party);
      if (isParty && this.#log.find(round + 1, party) === undefined) this.#log.add(party, claim, undefined);
    }
    return 'taken';
  }

  /** Whether this party reported the last complete round, and as it was seen here. */
  confirms(candidate: number): boolean {
    const last = this.#last.get(candidate);
    return last?.round === this.#log.completed && equalBytes(last.previous, this.#log.lastHash);
  }

  /** A report that claims another hash than the reporter's own frame of the next round. */
  #withdrawnClaim(reporter: number, statement: SignedStatement): string | undefined {
    const claim = this.#log.find(statement.round + 1, reporter)?.statement;
    const isSame = claim === undefined || equalBytes(claim.previous, statement.previous);
    return isSame ? undefined : 'claims to have seen other frames than it said before';
  }

  #differentMeeting(reporter: number, report: ReportPayload): Ending {
    const name = this.#room.nameOf(reporter);
    const twice = report.seen.find(({ candidate, statement }) => {
      const known = this.#log.find(0, candidate);
      return known !== undefined && !isSameStatement(known.statement, statement);
    });
    if (twice === undefined) return { cause: 'disagreement', reason: `${name} met other parties` };
    const who = this.#room.nameOf(twice.candidate);
    return {
      cause: 'identity_twice',
      reason: `${who} is in the room twice, or said different hellos: ${name} met another`,
    };
  }

  #context() {
    const { candidates, idHash, operationHash, transcript } = this.#room;
    const { parties, session } = this.#log;
    return { candidates, parties, room: idHash, operation: operationHash, session, transcript };
  }
}
