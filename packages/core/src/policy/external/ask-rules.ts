/** Step 4 of a signature: external rules are asked about items that everything else allowed. */
import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { KeyRecord } from '../../key-record.ts';
import type { ResolveResultingKey, RuleAnswer, RuleServers } from '../../ports/rule-servers.ts';
import type { ExternalRule } from './external-rule.ts';
import { toOneLine } from './one-line.ts';

export interface RuleAskers {
  readonly ruleServers: RuleServers;
  readonly resultingKey: ResolveResultingKey;
  readonly now: () => number;
}

export interface GuardedItem {
  readonly key: KeyRecord;
  readonly item: {
    readonly payload: Payload;
    readonly options: SigningOptions;
    readonly context?: Uint8Array;
  };
  /** All must say yes. */
  readonly rules: readonly ExternalRule[];
}

/** Questions of one batch that are under way at the same time. */
const MAX_IN_FLIGHT = 64;
/** After this no further question of the batch is begun, so that a silent rule server can't hold a batch for minutes. */
const BATCH_TIME_MS = 15_000;
const MAX_CONTEXT_BYTES = 16 * 1024;
const MAX_REASON_CHARACTERS = 500;

/**
 * Asks every rule of every item, in parallel. In the order of the items: approved where all rules said yes. An item that was refused is asked about no further; the others are none the worse for it. Never rejects.
 */
export async function askRules(askers: RuleAskers, items: readonly GuardedItem[]): Promise<readonly RuleAnswer[]> {
  const asked = items.map((item) => new AskedItem(askers, item));
  const questions = asked.flatMap((item) => item.guarded.rules.map((rule, order) => ({ item, rule, order })));
  const deadlineMs = askers.now() + BATCH_TIME_MS;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let question = questions[next++]; question !== undefined; question = questions[next++]) {
      const { item, rule, order } = question;
      if (item.isRefused) continue;
      if (askers.now() > deadlineMs) item.refuse(order, rule, 'the rule servers took too long for the batch');
      else await item.ask(order, rule);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_IN_FLIGHT, questions.length) }, work));
  return asked.map((item) => item.answer());
}

class AskedItem {
  readonly guarded: GuardedItem;
  readonly #askers: RuleAskers;
  #resultingKey: Promise<Uint8Array | undefined> | undefined;
  #approvals = 0;
  #refused: { readonly order: number; readonly reason: string } | undefined;

  constructor(askers: RuleAskers, guarded: GuardedItem) {
    this.guarded = guarded;
    this.#askers = askers;
  }

  get isRefused(): boolean {
    return this.#refused !== undefined;
  }

  async ask(order: number, rule: ExternalRule): Promise<void> {
    try {
      const answer = await this.#judge(rule);
      if (answer.approved === true) this.#approvals += 1;
      else this.refuse(order, rule, answer.reason);
    } catch {
      this.refuse(order, rule, 'the rule server could not be asked');
    }
  }

  /** Of several refusals the one of the policy's first rule is told, whichever came first. */
  refuse(order: number, rule: ExternalRule, reason: string): void {
    if (this.#refused !== undefined && this.#refused.order <= order) return;
    this.#refused = { order, reason: toOneLine(`rule ${rule.name}: ${String(reason)}`, MAX_REASON_CHARACTERS) };
  }

  /** Counts the yeses rather than the noes: a question that got lost isn't a yes. */
  answer(): RuleAnswer {
    if (this.#refused !== undefined) return { approved: false, reason: this.#refused.reason };
    return this.#approvals === this.guarded.rules.length ? { approved: true } : no('not all rules were asked');
  }

  async #judge(rule: ExternalRule): Promise<RuleAnswer> {
    const { item, key } = this.guarded;
    const context = item.context ?? NO_CONTEXT;
    if (context.length > MAX_CONTEXT_BYTES) return no(`the context has more than ${MAX_CONTEXT_BYTES} bytes`);
    this.#resultingKey ??= this.#resolveKey();
    const resultingKey = await this.#resultingKey;
    if (resultingKey === undefined) return no('it is not known which key the signature would be under');
    return this.#askers.ruleServers.ask({
      rule,
      algorithm: key.algorithm,
      payload: item.payload,
      options: item.options,
      resultingKey,
      context,
    });
  }

  async #resolveKey(): Promise<Uint8Array | undefined> {
    const { item, key } = this.guarded;
    const { derivationPath = [], merkleRoot } = item.options;
    if (derivationPath.length === 0 && merkleRoot === undefined) return key.publicKey;
    return this.#askers.resultingKey(key, item.options);
  }
}

const NO_CONTEXT = new Uint8Array(0);

function no(reason: string): RuleAnswer {
  return { approved: false, reason };
}
