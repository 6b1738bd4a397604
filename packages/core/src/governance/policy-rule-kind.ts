/** What a kind of policy rule is: one file in `rules/`, one line in `rules/registry.ts`. */
import type { JsonValue } from '@countersign/chains/chain';
import type { View } from '@countersign/chains/view';
import type { KeyRecord } from '../key-record.ts';
import type { PriceSource } from '../ports/price-source.ts';
import type { Principal } from '../principal.ts';
import type { ActivityKind } from './approval.ts';

/** What a rule may look at: facts that we resolved, never the caller's claims about them. */
export interface PolicyRuleContext {
  readonly principal: Principal;
  /** Undefined for activities that aren't signatures. */
  readonly key: KeyRecord | undefined;
  readonly view: View;
  readonly prices: PriceSource;
}

/** What an item takes from a limit; reserved in the transaction that mints its permit. */
export interface Spend {
  /** What is counted. A policy's limit in one unit sees nothing of what it counted in another. */
  readonly unit: 'usd-micros' | 'signatures';
  readonly windowMs: number;
  /** The most that may be spent in the window, this item included. */
  readonly limit: bigint;
  /** Millionths of a US dollar, or signatures. */
  readonly amount: bigint;
}

export type RuleJudgement =
  | { readonly triggered: true; readonly reason: string }
  /** `spend`: not triggered as long as this still fits the limit; triggered, with `reason`, where it doesn't. */
  | { readonly triggered: false; readonly spend?: Spend; readonly reason?: string }
  /** Not triggered where this external rule says yes. */
  | { readonly triggered: false; readonly screenedBy: string; readonly reason: string };

export interface PolicyRuleKind {
  /** Name in the domain: `always`, `recipient-whitelist`, `amount-limit`, `amount-velocity`, `count-velocity`, `screening`. */
  readonly kind: string;
  readonly activities: readonly ActivityKind[];
  /** Whether it looks at what is signed: then opaque payloads of the account need `blind-sign`. */
  readonly readsContent: boolean;
  /** Checks a hostile configuration and puts it in canonical form. */
  readonly parse: (
    configuration: JsonValue,
  ) => { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly reason: string };
  /** Fails closed: what it can't tell is triggered. Never throws for a parsed configuration. */
  readonly judge: (configuration: JsonValue, context: PolicyRuleContext) => RuleJudgement;
}
