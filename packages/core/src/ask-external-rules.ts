/** Step 4 of a signature: what external rules make of a batch that the rules of step 3 have judged. */
import type { Account } from './account.ts';
import { DomainError } from './domain-error.ts';
import { type Judged, keepAllowed } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import { askRules, type GuardedItem } from './policy/external/ask-rules.ts';
import type { ExternalRule } from './policy/external/external-rule.ts';
import type { PolicyStore, RulesOfKeys } from './ports/policy-store.ts';
import type { ResolveResultingKey, RuleServers } from './ports/rule-servers.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';

/** Policies whose rules are judged by other services. */
export interface ExternalRules {
  readonly policies: Pick<PolicyStore, 'rulesOfKeys' | 'findRule'>;
  readonly ruleServers: RuleServers;
  readonly resultingKey: ResolveResultingKey;
}

/** A rule server that a governing policy names, asked about one item. */
export interface ScreeningQuestion {
  /** Among what was allowed. */
  readonly index: number;
  /** Name of an external rule of the account. */
  readonly ruleName: string;
  /** Which case, and which of its verdict's screenings, it is asked for. */
  readonly order: number;
  readonly screening: number;
}

export interface BatchQuestions {
  readonly account: Account;
  readonly judged: Judged;
  /** In the order of the request, as are the guards. */
  readonly items: readonly ParsedItem<SigningItem>[];
  /** The rules of the items' keys; undefined where no key has any. */
  readonly guards: RulesOfKeys | undefined;
  /** Indexes among what was allowed whose keys' rules are asked. */
  readonly isAskedAbout: (index: number) => boolean;
  readonly screenings: readonly ScreeningQuestion[];
}

export interface BatchAnswers {
  /** By index among what was allowed: reasons of the rules of the items' keys. */
  readonly refusals: ReadonlyMap<number, string>;
  /** Side by side with `screenings`: true where the rule didn't say yes, isn't there, or couldn't be asked. */
  readonly screenedOut: readonly boolean[];
}

/** Asks everything about a batch at once. Never rejects for a rule server's sake: what isn't a proper yes is a no. */
export async function askExternalRules(
  external: ExternalRules,
  now: () => number,
  questions: BatchQuestions,
): Promise<BatchAnswers> {
  const { judged, items, guards, isAskedAbout, screenings } = questions;
  const guarded: GuardedItem[] = [];
  const indexes: number[] = [];
  if (guards !== undefined) {
    if (guards.length !== items.length) throw outOfStep();
    judged.allowed.places.forEach((place, index) => {
      const rules = guards[place];
      if (rules === undefined || rules.length === 0 || !isAskedAbout(index)) return;
      indexes.push(index);
      guarded.push(guardedItem(judged, items, index, rules));
    });
  }
  const named = await rulesByName(external, questions);
  const asked: number[] = [];
  screenings.forEach(({ index, ruleName }, position) => {
    const rule = named.get(ruleName);
    if (rule === undefined) return;
    asked.push(position);
    guarded.push(guardedItem(judged, items, index, [rule]));
  });
  const { ruleServers, resultingKey } = external;
  const answers = guarded.length === 0 ? [] : await askRules({ ruleServers, resultingKey, now }, guarded);
  if (answers.length !== guarded.length) throw outOfStep();
  const refusals = new Map<number, string>();
  indexes.forEach((index, order) => {
    const answer = answers[order];
    if (answer === undefined) throw outOfStep();
    if (!answer.approved) refusals.set(index, answer.reason);
  });
  const screenedOut = screenings.map(() => true);
  asked.forEach((position, order) => {
    screenedOut[position] = answers[indexes.length + order]?.approved !== true;
  });
  return { refusals, screenedOut };
}

/**
 * The rules of each key, and of a child those of the key that it was derived from too: otherwise whoever may derive would
 * leave them behind. Answers at once where the store does and no key is a child.
 */
export function guardsOfKeys(
  policies: ExternalRules['policies'],
  account: Account,
  keys: readonly (KeyRecord | undefined)[],
): RulesOfKeys | undefined | Promise<RulesOfKeys | undefined> {
  const own = policies.rulesOfKeys(account, keys);
  if (!keys.some((key) => key?.derivedFrom !== undefined)) return own;
  const parents = keys.map((key) => key?.derivedFrom && { ...key, id: key.derivedFrom.keyId });
  return Promise.all([own, policies.rulesOfKeys(account, parents)]).then(([ofKeys, ofParents]) => {
    if (ofParents === undefined) return ofKeys;
    return keys.map((_, index) => {
      const rules = [...(ofKeys?.[index] ?? []), ...(ofParents[index] ?? [])];
      return rules.length === 0 ? undefined : [...new Map(rules.map((rule) => [rule.id, rule])).values()];
    });
  });
}

/** Takes items out of what was allowed, by their index there, each with the reason for the caller. */
export function withoutRefused(judged: Judged, refusals: ReadonlyMap<number, string>): Judged {
  if (refusals.size === 0) return judged;
  const results = [...judged.results];
  const refused = [...judged.refused];
  for (const [index, reason] of refusals) {
    const place = judged.allowed.places[index];
    const intent = judged.intents[index];
    if (place === undefined || intent === undefined) throw outOfStep();
    results[place] = { outcome: 'denied', code: 'denied_by_policy', reason };
    refused.push({ keyId: intent.keyId, payloadDigest: intent.payloadDigest, code: 'denied_by_policy' });
  }
  return {
    allowed: keepAllowed(judged.allowed, (index) => !refusals.has(index)),
    results,
    intents: judged.intents.filter((_, index) => !refusals.has(index)),
    refused,
  };
}

async function rulesByName(
  { policies }: ExternalRules,
  { account, screenings }: BatchQuestions,
): Promise<ReadonlyMap<string, ExternalRule | undefined>> {
  const names = new Set(screenings.map(({ ruleName }) => ruleName));
  return new Map(
    await Promise.all(
      [...names].map(async (name) => [name, await policies.findRule(account.id, { by: 'name', name })] as const),
    ),
  );
}

/** Rule servers are told what is signed, part by part. */
function guardedItem(
  { allowed }: Judged,
  items: readonly ParsedItem<SigningItem>[],
  index: number,
  rules: readonly ExternalRule[],
): GuardedItem {
  const key = allowed.permitted[index]?.key;
  const parsed = items[allowed.places[index] ?? -1];
  if (key === undefined || parsed?.ok !== true) throw outOfStep();
  const { payload, ...item } = parsed.item;
  if (payload.kind !== 'content') return { key, item: { ...item, payload }, rules };
  const part = payload.content.parts[payload.part];
  if (part === undefined) throw outOfStep();
  return { key, item: { ...item, payload: part.payload, options: part.options }, rules };
}

function outOfStep(): DomainError {
  return new DomainError('internal', 'items and rules out of step');
}
