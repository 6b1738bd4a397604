import type { DigestName } from '../../src/digests.ts';
import type { KnownAnswer, KnownAnswers, MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

interface MadeKey {
  readonly parameters: { readonly modulusBits: number; readonly publicExponent: number };
  readonly privateKey: string;
  readonly publicKey: string;
}

interface MadePkcs1 {
  readonly key: string;
  readonly digest: DigestName;
  readonly payload: string;
  readonly signature: string;
}

interface MadePss extends MadePkcs1 {
  readonly mgf1Digest: DigestName;
  readonly saltBytes: number;
}

/** RFC 8017 prints no signatures, and NIST's are not a document: these were made and checked by two others. */
export const MADE_RSA = readMadeAnswers<{
  readonly keys: Readonly<Record<string, MadeKey>>;
  readonly pkcs1: readonly MadePkcs1[];
  readonly pss: readonly MadePss[];
}>('./rsa-made.json');

const MAKER: MadeAnswer = {
  tool: "textbook RSA over BigInt, each answer checked by OpenSSL's command line",
  version: 'OpenSSL 3.0.19',
  command: 'node packages/algorithms/test/known-answers/make-rsa.ts',
};

export function rsaKnownAnswers(): KnownAnswers {
  return {
    cases: [
      ...MADE_RSA.pkcs1.map(
        (made): KnownAnswer => ({
          ...common(made),
          name: `PKCS #1 v1.5, ${made.key}, ${made.digest}`,
          options: { padding: 'pkcs1-v1.5' },
          expect: 'sign',
        }),
      ),
      ...MADE_RSA.pss.map(
        (made): KnownAnswer => ({
          ...common(made),
          name: `PSS, ${made.key}, ${made.digest}, MGF1 with ${made.mgf1Digest}, salt of ${made.saltBytes} bytes`,
          options: { padding: 'pss', mgf1Digest: made.mgf1Digest },
          expect: 'verify',
        }),
      ),
    ],
  };
}

function common(made: MadePkcs1) {
  const key = MADE_RSA.keys[made.key];
  if (key === undefined) throw new Error(`no key ${made.key}`);
  return {
    source: MAKER,
    parameters: key.parameters,
    privateKeyHex: key.privateKey,
    publicKeyHex: key.publicKey,
    payload: { kind: 'digest' as const, hex: made.payload, digest: made.digest },
    signatureHex: made.signature,
  };
}
