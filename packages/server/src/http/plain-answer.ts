import type { Answer } from '../dialects/dialect.ts';

/** An answer on a path that no dialect owns. */
export function plainAnswer(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
