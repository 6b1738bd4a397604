/** Every case of the vector files of BIP 445 (siv2r/bip-frost-signing at 29467ac), on every native library that is here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineUnavailable } from '@countersign/algorithms/engine';
import { schnorr } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { loadGroup as loadSystemGroup } from '../engines/secp256k1/libsecp256k1.ts';
import { loadGroup as loadNpmGroup } from '../engines/secp256k1/npm-secp256k1.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { deterministicSign } from './deterministic-sign.ts';
import { nonceGen } from './nonce-generation.ts';
import { decodeAggregateNonce, decodePublicNonces, encodePublicNonce, nonceAgg } from './nonces.ts';
import { partialSigAgg, partialSigVerify, sign } from './partial-signature.ts';
import { SecretNonce } from './secret-nonce.ts';
import { openSession, type Session } from './session.ts';
import { type Signers, validateSigners } from './signers.ts';
import { type Contribution, type InputProblem, InvalidContribution, InvalidSigningInput } from './signing-errors.ts';
import { pairTweaks, type TweakedKey, tweakKey } from './tweaked-key.ts';

const VECTORS = process.env['COUNTERSIGN_VECTORS'];
const FILES = ['nonce_gen', 'nonce_agg', 'sign_verify', 'tweak', 'det_sign', 'sig_agg'] as const;
const CASES = 250;

/** What the files' messages of a ValueError are here. */
const PROBLEMS: Readonly<Record<string, InputProblem>> = {
  'The number of signers must be between t and n.': 'signer-count',
  'The participant identifier at index 0 is out of range.': 'identifier-range',
  'Invalid pubshare at index 0.': 'public-share',
  'Invalid pubshare at index 1.': 'public-share',
  'The participant identifier list contains duplicate elements.': 'duplicate-identifier',
  'The provided key material is incorrect.': 'key-material',
  'The tweaks and is_xonly arrays must have the same length.': 'tweak-count',
  'The tweak must be a 32-byte array.': 'tweak-length',
  'The tweak value is out of range.': 'tweak-range',
  'The result of tweaking cannot be infinity.': 'tweaked-to-identity',
  'first secnonce value is out of range.': 'first-nonce-range',
  'second secnonce value is out of range.': 'second-nonce-range',
  "The signer's secret share value is out of range.": 'share-range',
  "The signer's id must be present in the participant identifier list.": 'signer-not-listed',
  "The signer's pubshare must be included in the list of pubshares.": 'share-not-listed',
  'The psigs and ids arrays must have the same length.': 'partial-signature-count',
};
const CONTRIBUTIONS: Readonly<Record<string, Contribution>> = {
  pubnonce: 'public nonce',
  psig: 'partial signature',
  aggnonce: 'aggregate nonce',
  aggothernonce: 'aggregate of the other nonces',
};

type ExpectedError =
  | { readonly type: 'ValueError'; readonly message: string }
  | { readonly type: 'InvalidContributionError'; readonly signer_index: number | null; readonly contrib: string };

/** The members that a case of some file may have. */
interface Case {
  readonly tc_id: number;
  readonly comment: string;
  readonly ids: readonly number[];
  readonly my_id: number;
  readonly signer_index: number;
  readonly pubshare_indices: readonly number[];
  readonly pubnonce_indices: readonly number[];
  readonly tweak_indices: readonly number[];
  readonly secshare_index: number;
  readonly secnonce_index: number;
  readonly aggnonce: string;
  readonly aggothernonce: string | null;
  readonly rand: string | null;
  readonly rand_: string;
  readonly secshare: string | null;
  readonly pubshare: string | null;
  readonly thresh_pk: string | null;
  readonly extra_in: string | null;
  readonly msg: string | null;
  readonly tweaks: readonly string[];
  readonly is_xonly: readonly boolean[];
  readonly psig: string;
  readonly psigs: readonly string[];
  readonly expected: string | readonly string[];
  readonly error: ExpectedError;
}

interface Group {
  readonly tg_id: string;
  readonly t: number;
  readonly n: number;
  readonly thresh_pk: string;
  readonly pubshares: readonly string[];
  readonly pubnonces: readonly string[];
  readonly secshares: readonly string[];
  readonly secnonces: readonly string[];
  readonly tweaks: readonly string[];
  readonly valid_tests: readonly Case[];
  readonly error_tests: readonly Case[];
  readonly sign_error_tests: readonly Case[];
  readonly verify_fail_tests: readonly Case[];
  readonly verify_error_tests: readonly Case[];
}

const bytes = (hex: string | undefined): Uint8Array => {
  if (hex === undefined) throw new Error('an index of the file points to nothing');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
};
const optionalBytes = (hex: string | null): Uint8Array | undefined => (hex === null ? undefined : bytes(hex));
const upperHex = (value: Uint8Array): string => Buffer.from(value).toString('hex').toUpperCase();
const pick = (from: readonly string[], indices: readonly number[]): Uint8Array[] =>
  indices.map((index) => bytes(from[index]));

const loads = { libsecp256k1: loadSystemGroup, 'secp256k1-npm': loadNpmGroup };
for (const [name, load] of Object.entries(loads)) {
  if (VECTORS === undefined) {
    it.skip(`${name}: the vector files of BIP 445 (needs COUNTERSIGN_VECTORS)`, () => {});
    continue;
  }
  try {
    const group = await load();
    describe(`${name}: the vector files of BIP 445`, () => describeVectors(VECTORS, group));
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    it.skip(`${name} (${error.message})`, () => {});
  }
}

function describeVectors(folder: string, group: Secp256k1Group): void {
  const files = new Map(
    FILES.map((name) => [name, readFileSync(join(folder, `bip445/${name}_vectors.json`), 'utf8')] as const),
  );
  let run = 0;

  function groupsOf(name: (typeof FILES)[number]): readonly Group[] {
    const content = JSON.parse(files.get(name) ?? '') as Group & { readonly test_groups?: readonly Group[] };
    return content.test_groups ?? [content];
  }

  /** One test for each list of cases of a group. */
  function cases(
    name: (typeof FILES)[number],
    list: keyof Group & `${string}_tests`,
    check: (testCase: Case, testGroup: Group) => void,
  ): void {
    for (const testGroup of groupsOf(name)) {
      it(`${name} ${testGroup.tg_id ?? ''} ${list}`, () => {
        for (const testCase of testGroup[list]) {
          try {
            check(testCase, testGroup);
          } catch (cause) {
            throw new Error(`case ${testCase.tc_id}: ${testCase.comment}`, { cause });
          }
          run += 1;
        }
        expect(testGroup[list].length).toBeGreaterThan(0);
      });
    }
  }

  function expectError(error: ExpectedError, operation: () => unknown): void {
    let thrown: unknown;
    try {
      operation();
    } catch (caught) {
      thrown = caught;
    }
    if (error.type === 'ValueError') {
      expect(thrown).toBeInstanceOf(InvalidSigningInput);
      expect(PROBLEMS[error.message]).toBeDefined();
      expect(thrown).toMatchObject({ problem: PROBLEMS[error.message] });
      const index = /index (\d+)/.exec(error.message)?.[1];
      if (index !== undefined) expect((thrown as Error).message).toContain(`signer ${index}`);
    } else {
      expect(thrown).toBeInstanceOf(InvalidContribution);
      expect((thrown as InvalidContribution).signer).toBe(error.signer_index ?? undefined);
      expect((thrown as InvalidContribution).contribution).toBe(CONTRIBUTIONS[error.contrib]);
    }
  }

  function signersOf(testCase: Case, testGroup: Group): Signers {
    return validateSigners(group, {
      participants: testGroup.n,
      threshold: testGroup.t,
      ids: testCase.ids,
      publicShares: pick(testGroup.pubshares, testCase.pubshare_indices),
      thresholdPublicKey: bytes(testGroup.thresh_pk),
    });
  }

  /** The tweaks stand in the case itself, in the group, or nowhere. */
  function keyOf(signers: Signers, testCase: Case, testGroup: Group): TweakedKey {
    const values =
      testCase.tweak_indices !== undefined
        ? pick(testGroup.tweaks, testCase.tweak_indices)
        : (testCase.tweaks ?? []).map(bytes);
    return tweakKey(group, signers.thresholdKey, pairTweaks(values, testCase.is_xonly ?? []));
  }

  function sessionOf(testCase: Case, testGroup: Group, encodedNonce: Uint8Array): Session {
    const signers = signersOf(testCase, testGroup);
    const key = keyOf(signers, testCase, testGroup);
    const aggregateNonce = decodeAggregateNonce(group, encodedNonce);
    return openSession(group, { signers, key, aggregateNonce, message: bytes(testCase.msg ?? '') });
  }

  function signCase(testCase: Case, testGroup: Group): Uint8Array {
    const session = sessionOf(testCase, testGroup, bytes(testCase.aggnonce));
    const secretNonce = new SecretNonce(bytes(testGroup.secnonces[testCase.secnonce_index]));
    return sign(group, secretNonce, bytes(testGroup.secshares[testCase.secshare_index]), testCase.my_id, session);
  }

  /** `PartialSigVerify` of the specification: from the nonces that were sent. */
  function verifyCase(testCase: Case, testGroup: Group, partialSignature: Uint8Array, position: number): boolean {
    const signers = signersOf(testCase, testGroup);
    const encodedNonces = pick(testGroup.pubnonces, testCase.pubnonce_indices);
    const nonce = decodePublicNonces(group, encodedNonces)[position];
    if (nonce === undefined) throw new Error('no such signer');
    const session = openSession(group, {
      signers,
      key: keyOf(signers, testCase, testGroup),
      aggregateNonce: nonceAgg(group, encodedNonces),
      message: bytes(testCase.msg ?? ''),
    });
    return partialSigVerify(group, partialSignature, position, nonce, session);
  }

  cases('nonce_gen', 'valid_tests', (testCase) => {
    const memory = new Uint8Array(64);
    const generated = nonceGen(
      group,
      {
        random: bytes(testCase.rand_),
        secretShare: optionalBytes(testCase.secshare),
        publicShare: optionalBytes(testCase.pubshare),
        thresholdPublicKey: optionalBytes(testCase.thresh_pk),
        message: optionalBytes(testCase.msg),
        extraInput: optionalBytes(testCase.extra_in),
      },
      memory,
    );
    expect([upperHex(memory), upperHex(encodePublicNonce(group, generated.public))]).toEqual(testCase.expected);
  });

  cases('nonce_agg', 'valid_tests', (testCase, testGroup) => {
    const aggregate = nonceAgg(group, pick(testGroup.pubnonces, testCase.pubnonce_indices));
    expect(upperHex(aggregate.encoded)).toBe(testCase.expected);
  });
  cases('nonce_agg', 'error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () => nonceAgg(group, pick(testGroup.pubnonces, testCase.pubnonce_indices))),
  );

  for (const name of ['sign_verify', 'tweak'] as const) {
    cases(name, 'valid_tests', (testCase, testGroup) => {
      const encodedNonces = pick(testGroup.pubnonces, testCase.pubnonce_indices);
      expect(upperHex(nonceAgg(group, encodedNonces).encoded)).toBe(testCase.aggnonce);
      const partialSignature = signCase(testCase, testGroup);
      expect(upperHex(partialSignature)).toBe(testCase.expected);
      expect(verifyCase(testCase, testGroup, partialSignature, testCase.ids.indexOf(testCase.my_id))).toBe(true);
    });
  }
  cases('sign_verify', 'sign_error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () => signCase(testCase, testGroup)),
  );
  cases('sign_verify', 'verify_fail_tests', (testCase, testGroup) =>
    expect(verifyCase(testCase, testGroup, bytes(testCase.psig), testCase.signer_index)).toBe(false),
  );
  cases('sign_verify', 'verify_error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () => verifyCase(testCase, testGroup, bytes(testCase.psig), testCase.signer_index)),
  );
  // A tweak error comes before any nonce is needed, and these cases name none.
  cases('tweak', 'error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () => sessionOf(testCase, testGroup, bytes(testCase.aggnonce))),
  );

  function deterministicCase(testCase: Case, testGroup: Group): ReturnType<typeof deterministicSign> {
    const signers = signersOf(testCase, testGroup);
    return deterministicSign(group, {
      secretShare: bytes(testGroup.secshares[testCase.secshare_index]),
      id: testCase.my_id,
      aggregateOtherNonce: optionalBytes(testCase.aggothernonce),
      signers,
      key: keyOf(signers, testCase, testGroup),
      message: bytes(testCase.msg ?? ''),
      random: optionalBytes(testCase.rand),
    });
  }

  cases('det_sign', 'valid_tests', (testCase, testGroup) => {
    const { publicNonce, partialSignature } = deterministicCase(testCase, testGroup);
    expect([upperHex(publicNonce), upperHex(partialSignature)]).toEqual(testCase.expected);
    const others = testCase.aggothernonce === null ? [] : [bytes(testCase.aggothernonce)];
    const aggregate = nonceAgg(group, [publicNonce, ...others]);
    const session = sessionOf(testCase, testGroup, aggregate.encoded);
    const [nonce] = decodePublicNonces(group, [publicNonce]);
    if (nonce === undefined) throw new Error('no nonce');
    const position = testCase.ids.indexOf(testCase.my_id);
    expect(partialSigVerify(group, partialSignature, position, nonce, session)).toBe(true);
  });
  cases('det_sign', 'error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () => deterministicCase(testCase, testGroup)),
  );

  cases('sig_agg', 'valid_tests', (testCase, testGroup) => {
    const session = sessionOf(testCase, testGroup, bytes(testCase.aggnonce));
    const signature = partialSigAgg(group, testCase.psigs.map(bytes), session);
    expect(upperHex(signature)).toBe(testCase.expected);
    expect(group.verifySchnorr(session.key.point, session.message, signature)).toBe(true);
    expect(schnorr.verify(signature, session.message, session.key.xOnly)).toBe(true);
  });
  cases('sig_agg', 'error_tests', (testCase, testGroup) =>
    expectError(testCase.error, () =>
      partialSigAgg(group, testCase.psigs.map(bytes), sessionOf(testCase, testGroup, bytes(testCase.aggnonce))),
    ),
  );

  it('ran every case that the files hold', () => {
    // Counted in the text of the files, so that a list under a name that isn't known here can't be missed.
    const inFiles = [...files.values()].reduce((sum, text) => sum + [...text.matchAll(/"tc_id":/g)].length, 0);
    expect(inFiles).toBe(CASES);
    expect(run).toBe(inFiles);
  });
}
