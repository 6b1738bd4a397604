import type { Aborted } from './exchange-output.ts';
import type { AbortCause, ContradictionProof } from './payloads.ts';

/** Why an exchange ends before its protocol does; what is left out is empty. */
export interface Ending extends Partial<Omit<Aborted, 'cause' | 'reason'>> {
  readonly cause: AbortCause;
  readonly reason: string;
  /** Convinces the other parties as well. */
  readonly proof?: ContradictionProof;
}

/** What a frame comes to: it was of use or known already, or of no use to anybody, or the end. */
export type Judgement = 'taken' | 'dropped' | Ending;
