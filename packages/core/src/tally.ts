/** Counts equal pairs, so that metrics are told once per batch and kind of result rather than once per item. */
export class Tally<Outcome extends string> {
  readonly #counts = new Map<string, Map<Outcome, number>>();

  add(algorithm: string, outcome: Outcome): void {
    const outcomes = this.#counts.get(algorithm) ?? new Map<Outcome, number>();
    this.#counts.set(algorithm, outcomes);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  report(observe: (algorithm: string, outcome: Outcome, count: number) => void): void {
    for (const [algorithm, outcomes] of this.#counts)
      for (const [outcome, count] of outcomes) observe(algorithm, outcome, count);
  }
}
