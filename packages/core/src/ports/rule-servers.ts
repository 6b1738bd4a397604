/** Where the questions to external rules go. */
import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { KeyRecord } from '../key-record.ts';
import type { ExternalRule } from '../policy/external/external-rule.ts';

/** May this be signed? Facts that were resolved, except `context`, which is the caller's and unchecked. */
export interface RuleQuestion {
  readonly rule: ExternalRule;
  /** Name in the registry of algorithms. */
  readonly algorithm: string;
  readonly payload: Payload;
  /** Path, merkle root, padding and the like: they are part of what is signed. */
  readonly options: SigningOptions;
  /** The public key that the signature will verify under, in the algorithm's raw form. */
  readonly resultingKey: Uint8Array;
  /** At most 16 KiB. */
  readonly context: Uint8Array;
}

export type RuleAnswer =
  | { readonly approved: true }
  /** `reason` is bounded and one line; some of it may be the rule server's own words. */
  | { readonly approved: false; readonly reason: string };

export interface RuleServers {
  /** Never rejects, and answers within a bounded time: whatever isn't a proper yes is a no. */
  ask(question: RuleQuestion): Promise<RuleAnswer>;
}

/**
 * The public key that a signature with these options verifies under: the child key at the path, under the merkle root's
 * tweak. Undefined where it can't be said; the item is refused then. Not asked for items without path and root.
 */
export type ResolveResultingKey = (key: KeyRecord, options: SigningOptions) => Promise<Uint8Array | undefined>;
