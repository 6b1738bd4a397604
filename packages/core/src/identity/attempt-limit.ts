/** Counts failures, and locks for a time whoever has too many. */
import { DomainError } from '../domain-error.ts';

export interface AttemptLimit {
  /** @throws DomainError `rate_limited` while the subject is locked */
  check(subject: string): void;
  fail(subject: string): void;
  /** Forgets the subject's failures. */
  succeed(subject: string): void;
}

interface Attempts {
  readonly failures: number;
  /** When they are forgotten; while there are too many of them, when the lock ends. */
  readonly untilMs: number;
}

/**
 * `maxSubjects` bounds the memory: the one that failed longest ago is forgotten for a new one. What is guessed at must
 * therefore be unguessable without this limit as well.
 */
export function createAttemptLimit(
  limits: { readonly maxFailures: number; readonly lockMs: number; readonly maxSubjects: number },
  now: () => number,
): AttemptLimit {
  const attempts = new Map<string, Attempts>();

  function current(subject: string): Attempts | undefined {
    const found = attempts.get(subject);
    if (found === undefined || found.untilMs > now()) return found;
    attempts.delete(subject);
    return undefined;
  }

  return {
    check(subject) {
      const found = current(subject);
      if (found !== undefined && found.failures >= limits.maxFailures)
        throw new DomainError('rate_limited', 'too many wrong attempts; try again later');
    },
    fail(subject) {
      const failures = (current(subject)?.failures ?? 0) + 1;
      attempts.delete(subject);
      if (attempts.size >= limits.maxSubjects) {
        const [oldest] = attempts.keys();
        if (oldest !== undefined) attempts.delete(oldest);
      }
      attempts.set(subject, { failures, untilMs: now() + limits.lockMs });
    },
    succeed(subject) {
      attempts.delete(subject);
    },
  };
}
