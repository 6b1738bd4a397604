/** Step 4 of a signature: what external rules make of a batch that the rules of step 3 have judged. */
import { DomainError } from './domain-error.ts';
import type { Judged } from './judged-batch.ts';
import { askRules, type GuardedItem } from './policy/external/ask-rules.ts';
import type { PolicyStore, RulesOfKeys } from './ports/policy-store.ts';
import type { ResolveResultingKey, RuleServers } from './ports/rule-servers.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';

/** Policies whose rules are judged by other services. */
export interface ExternalRules {
  readonly policies: Pick<PolicyStore, 'rulesOfKeys'>;
  readonly ruleServers: RuleServers;
  readonly resultingKey: ResolveResultingKey;
}

/**
 * Asks the rules of every item that is still allowed; one that isn't approved becomes `denied` and goes no further.
 * `items` and `guards` are in the order of the request.
 */
export async function askExternalRules(
  { ruleServers, resultingKey }: ExternalRules,
  now: () => number,
  judged: Judged,
  items: readonly ParsedItem<SigningItem>[],
  guards: RulesOfKeys,
): Promise<Judged> {
  if (guards.length !== items.length) throw outOfStep();
  const guarded: GuardedItem[] = [];
  const indexes: number[] = [];
  judged.allowed.permitted.forEach(({ key }, index) => {
    const place = judged.allowed.places[index] ?? -1;
    const parsed = items[place];
    if (parsed?.ok !== true) throw outOfStep();
    const rules = guards[place];
    if (rules === undefined || rules.length === 0) return;
    indexes.push(index);
    guarded.push({ key, item: parsed.item, rules });
  });
  if (guarded.length === 0) return judged;
  const answers = await askRules({ ruleServers, resultingKey, now }, guarded);
  const refusals = new Map<number, string>();
  indexes.forEach((index, order) => {
    const answer = answers[order];
    if (answer === undefined) throw outOfStep();
    if (!answer.approved) refusals.set(index, answer.reason);
  });
  return refusals.size === 0 ? judged : withoutRefused(judged, refusals);
}

/** Takes items out of what was allowed, by their index there, each with the reason for the caller. */
function withoutRefused(judged: Judged, refusals: ReadonlyMap<number, string>): Judged {
  const results = [...judged.results];
  const refused = [...judged.refused];
  for (const [index, reason] of refusals) {
    const place = judged.allowed.places[index];
    const intent = judged.intents[index];
    if (place === undefined || intent === undefined) throw outOfStep();
    results[place] = { outcome: 'denied', code: 'denied_by_policy', reason };
    refused.push({ keyId: intent.keyId, payloadDigest: intent.payloadDigest, code: 'denied_by_policy' });
  }
  const stays = (_: unknown, index: number): boolean => !refusals.has(index);
  return {
    allowed: { places: judged.allowed.places.filter(stays), permitted: judged.allowed.permitted.filter(stays) },
    results,
    intents: judged.intents.filter(stays),
    refused,
  };
}

function outOfStep(): DomainError {
  return new DomainError('internal', 'items and rules out of step');
}
