import type { DigestName } from '../../src/digests.ts';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, type MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

interface MadeSet {
  readonly seed: string;
  readonly publicKey: string;
  readonly expandedKey: string;
  readonly answers: readonly MadeAnswerOfMlDsa[];
}

interface MadeAnswerOfMlDsa {
  readonly variant: 'pure' | 'pre-hash' | 'external-mu';
  readonly context?: string;
  readonly digest?: DigestName;
  readonly payload: string;
  /** Present: the hedged variant with this randomness. */
  readonly randomizer?: string;
  readonly signature: string;
}

/** FIPS 204 prints no answers. */
export const MADE_ML_DSA = readMadeAnswers<Readonly<Record<string, MadeSet>>>('./ml-dsa-made.json');

const MAKER: MadeAnswer = {
  tool: '@noble/post-quantum',
  version: '0.7.1',
  command: 'node packages/algorithms/test/known-answers/make-ml-dsa.ts',
};

export function mlDsaKnownAnswers(algorithm: string): () => KnownAnswers {
  return () => {
    const set = MADE_ML_DSA[algorithm];
    if (set === undefined) return { cases: [] };
    return { cases: set.answers.map((answer, index) => toKnownAnswer(set, answer, index)) };
  };
}

function toKnownAnswer(set: MadeSet, answer: MadeAnswerOfMlDsa, index: number): KnownAnswer {
  const isHedged = answer.randomizer !== undefined;
  return {
    name: `${index + 1}: ${[answer.variant, answer.digest, isHedged ? 'hedged' : 'deterministic'].filter(Boolean).join(', ')}`,
    source: MAKER,
    privateKeyHex: set.seed,
    publicKeyHex: set.publicKey,
    payload: {
      kind: answer.variant === 'pure' ? 'message' : 'digest',
      hex: answer.payload,
      ...(answer.digest === undefined ? {} : { digest: answer.digest }),
    },
    options: {
      variant: answer.variant,
      deterministic: !isHedged,
      ...(answer.context === undefined ? {} : { context: bytesFromHex(answer.context) }),
    },
    signatureHex: answer.signature,
    expect: isHedged ? 'verify' : 'sign',
  };
}
