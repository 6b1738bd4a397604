import { areContradictory, isSameStatement, type SignedStatement } from './statement.ts';

/** More for one place than any honest run has: the second one ends it. */
const MAX_PER_PLACE = 4;

/** Every statement that was seen, from its sender or in somebody's report, by round and sender. */
export class Transcript {
  readonly #statements = new Map<string, SignedStatement[]>();

  /**
   * Takes a statement whose signature is verified.
   * @returns what its sender has said instead, if it contradicts itself
   */
  note(candidate: number, statement: SignedStatement): SignedStatement | undefined {
    // Reports and aborts aren't what the parties have to agree on.
    if (statement.kind !== 'hello' && statement.kind !== 'round') return undefined;
    const place = placeOf(candidate, statement.round);
    const known = this.#statements.get(place) ?? [];
    const contradiction = known.find((other) => areContradictory(other, statement));
    if (contradiction !== undefined) return contradiction;
    if (known.length < MAX_PER_PLACE && !known.some((other) => isSameStatement(other, statement))) {
      this.#statements.set(place, [...known, statement]);
    }
    return undefined;
  }

  /** Whether exactly this was noted before, so that its signature needs no second look. */
  has(candidate: number, statement: SignedStatement): boolean {
    const known = this.#statements.get(placeOf(candidate, statement.round)) ?? [];
    return known.some((other) => isSameStatement(other, statement));
  }
}

function placeOf(candidate: number, round: number): string {
  return `${round}/${candidate}`;
}
