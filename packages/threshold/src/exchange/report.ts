/** What one party says that it saw of a round, and what may be concluded from it. */
import type { PublicIdentity } from './identity.ts';
import type { ReportPayload, ShownStatement } from './payloads.ts';
import { equalBytes, hashOfRound, isSignedBy, type SignedStatement } from './statement.ts';
import type { Transcript } from './transcript.ts';

export interface ReportContext {
  readonly candidates: readonly PublicIdentity[];
  /** In party order, as this party met them. */
  readonly parties: readonly number[];
  readonly room: Uint8Array;
  readonly operation: Uint8Array;
  /** This party's hash of all hellos. */
  readonly session: Uint8Array;
  readonly transcript: Transcript;
}

/**
 * Why a report convicts whoever signed it, or undefined: it shows a frame that its sender didn't sign or that has no
 * place in this round, or frames whose hash isn't the one it claims. An honest party shows what it has verified itself.
 * @param claim the statement of the report; its `previous` is the claimed hash
 */
export function lieOf(
  context: ReportContext,
  reporter: number,
  claim: SignedStatement,
  report: ReportPayload,
): string | undefined {
  const { round } = claim;
  // Before the hellos are agreed on, each party may speak of another session.
  const session = round === 0 ? undefined : context.session;
  const areAuthentic =
    report.seen.every((shown) => isAuthentic(context, shown, round, session)) &&
    report.next.every((shown) => isAuthentic(context, shown, round + 1, session));
  if (!areAuthentic) return 'shows a frame that nobody signed';
  if (!isAscending(report.seen) || !isAscending(report.next)) return 'shows frames out of order';
  const senders = report.seen.map((shown) => shown.candidate);
  const isComplete =
    round === 0
      ? // The parties are what the hellos settle: others than this party's are no lie yet.
        senders.length === context.parties.length && senders.includes(reporter)
      : senders.every((sender, i) => sender === context.parties[i]) && senders.length === context.parties.length;
  if (!isComplete) return 'shows frames of others than the parties';
  const hash = hashOfRound(report.seen.map((shown) => shown.statement));
  return equalBytes(hash, claim.previous) ? undefined : 'claims to have seen other frames than it shows';
}

function isAuthentic(
  context: ReportContext,
  { candidate, statement }: ShownStatement,
  round: number,
  session: Uint8Array | undefined,
): boolean {
  const sender = context.candidates[candidate];
  if (sender === undefined || statement.round !== round) return false;
  if (statement.kind !== (round === 0 ? 'hello' : 'round')) return false;
  if (!equalBytes(statement.room, context.room) || !equalBytes(statement.operation, context.operation)) return false;
  if (session !== undefined && !equalBytes(statement.session, session)) return false;
  return context.transcript.has(candidate, statement) || isSignedBy(statement, sender);
}

function isAscending(shown: readonly ShownStatement[]): boolean {
  return shown.every(({ candidate }, i) => i === 0 || candidate > (shown[i - 1]?.candidate ?? candidate));
}
