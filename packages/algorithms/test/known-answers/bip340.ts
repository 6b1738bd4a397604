import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, type MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

interface MadeSchnorr {
  readonly name: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly payload: string;
  readonly merkleRoot?: string;
  readonly signature: string;
}

const MAKER: MadeAnswer = {
  tool: '@noble/curves',
  version: '2.4.0',
  command: 'node packages/algorithms/test/known-answers/make-secp256k1.ts',
};

const NO_AUX_RAND = '00'.repeat(32);

export function bip340KnownAnswers(): KnownAnswers {
  const made = readMadeAnswers<{ readonly bip340: readonly MadeSchnorr[] }>('./secp256k1-made.json').bip340;
  const cases = made.map(
    (answer): KnownAnswer => ({
      name: answer.name,
      source: MAKER,
      privateKeyHex: answer.privateKey,
      publicKeyHex: answer.publicKey,
      payload: { kind: 'message', hex: answer.payload },
      options: {
        deterministic: true,
        ...(answer.merkleRoot === undefined ? {} : { merkleRoot: bytesFromHex(answer.merkleRoot) }),
      },
      signatureHex: answer.signature,
      expect: 'sign',
    }),
  );
  const vectors = process.env['COUNTERSIGN_VECTORS'];
  if (vectors === undefined) {
    const reason = 'COUNTERSIGN_VECTORS is not set';
    return { cases, skipped: [{ source: 'BIP340 and BIP341, test vectors', reason }] };
  }
  return { cases: [...cases, ...readBip340Vectors(vectors).map(vectorCase), ...readBip341Spendings(vectors)] };
}

/** One row of `bip340/test-vectors.csv`, in lowercase hex. */
export interface Bip340Vector {
  readonly index: string;
  /** Empty for rows that only verify. */
  readonly secretKey: string;
  readonly publicKey: string;
  readonly auxRand: string;
  readonly message: string;
  readonly signature: string;
  readonly isValid: boolean;
  readonly comment: string;
}

export const BIP340_CSV = 'bip340/test-vectors.csv';

/** All rows. @throws if one isn't of the shape that the header names */
export function readBip340Vectors(vectors: string): readonly Bip340Vector[] {
  const [header, ...lines] = readFileSync(join(vectors, BIP340_CSV), 'utf8').trim().split(/\r?\n/);
  if (header !== 'index,secret key,public key,aux_rand,message,signature,verification result,comment') {
    throw new Error(`${BIP340_CSV} has other columns`);
  }
  return lines.map((line) => {
    const match = /^(\d+),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),(TRUE|FALSE),(.*)$/.exec(line);
    if (match === null) throw new Error(`${BIP340_CSV} has a row of another shape: ${line}`);
    const [
      ,
      index = '',
      secretKey = '',
      publicKey = '',
      auxRand = '',
      message = '',
      signature = '',
      valid,
      comment = '',
    ] = match.map((field, column) => (column >= 2 && column <= 6 ? field.toLowerCase() : field));
    return { index, secretKey, publicKey, auxRand, message, signature, isValid: valid === 'TRUE', comment };
  });
}

/** An aux_rand other than zero can't be asked for here; `engines/secp256k1/bip340-engine.test.ts` injects it. */
function vectorCase(vector: Bip340Vector): KnownAnswer {
  const canSign = vector.secretKey !== '' && vector.auxRand === NO_AUX_RAND;
  return {
    name: `BIP340, row ${vector.index}${vector.comment === '' ? '' : `: ${vector.comment}`}`,
    source: { standard: 'BIP340', section: `test-vectors.csv, index ${vector.index}` },
    ...(vector.secretKey === '' ? {} : { privateKeyHex: vector.secretKey }),
    publicKeyHex: vector.publicKey,
    payload: { kind: 'message', hex: vector.message },
    options: { deterministic: canSign },
    signatureHex: vector.signature,
    expect: vector.isValid ? (canSign ? 'sign' : 'verify') : 'reject',
  };
}

interface WalletVectors {
  readonly keyPathSpending: readonly {
    readonly inputSpending: readonly {
      readonly given: {
        readonly txinIndex: number;
        readonly internalPrivkey: string;
        readonly merkleRoot: string | null;
      };
      readonly intermediary: { readonly internalPubkey: string; readonly sigHash: string };
      readonly expected: { readonly witness: readonly [string] };
    }[];
  }[];
}

/** BIP341, wallet test vectors, "Key path spending": the signatures are made with a zero aux_rand. */
function readBip341Spendings(vectors: string): KnownAnswer[] {
  const file: WalletVectors = JSON.parse(readFileSync(join(vectors, 'bip341/wallet-test-vectors.json'), 'utf8'));
  return file.keyPathSpending.flatMap(({ inputSpending }, transaction) =>
    inputSpending.map(
      ({ given, intermediary, expected }): KnownAnswer => ({
        name: `BIP341, key path spending ${transaction}, input ${given.txinIndex}`,
        source: { standard: 'BIP341', section: 'wallet-test-vectors.json, keyPathSpending' },
        privateKeyHex: given.internalPrivkey,
        publicKeyHex: intermediary.internalPubkey,
        payload: { kind: 'digest', hex: intermediary.sigHash },
        options: { deterministic: true, merkleRoot: bytesFromHex(given.merkleRoot ?? '') },
        // A witness is the signature and, unless it is the default, a byte for the hash type.
        signatureHex: expected.witness[0].slice(0, 128),
        expect: 'sign',
      }),
    ),
  );
}
