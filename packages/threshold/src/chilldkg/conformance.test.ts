/**
 * The vectors of the specification, BlockstreamResearch/bip-frost-dkg at a918968. They aren't part of the repository:
 * `COUNTERSIGN_VECTORS` names the folder in which `chilldkg/` has them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { coordinatorFinalize, coordinatorInvestigate, coordinatorStep1 } from './coordinator.ts';
import type { DkgOutput, DkgPublicOutput } from './dkg-output.ts';
import { hostPublicKey } from './host-public-key.ts';
import {
  participantFinalize,
  participantInvestigate,
  participantStep1,
  participantStep2,
  UnknownFaultyParticipantOrCoordinatorError,
} from './participant.ts';
import { coordinatorRecover, participantRecover } from './recovery.ts';
import { paramsHash, type SessionParams } from './session-params.ts';

interface VectorParams {
  readonly hostpubkeys: readonly string[];
  readonly t: number;
}

interface ExpectedError {
  readonly type: string;
  readonly participantId?: number;
  readonly participantId1?: number;
  readonly participantId2?: number;
}

/** A case with what its group has in common; each file uses some of these. */
interface VectorCase {
  readonly tcId: number;
  readonly comment: string;
  readonly params: VectorParams;
  readonly hostseckey: string | null;
  /** The group's key, for the first step, where the case brings another for the second. */
  readonly firstHostseckey: string | null;
  readonly random: string;
  readonly auxRand: string;
  readonly pmsg1: string;
  readonly pmsgs1: readonly string[];
  readonly pmsg1Pool: readonly string[];
  readonly pmsg1Indices: readonly number[];
  readonly pmsg2: string;
  readonly pmsg2Pool: readonly string[];
  readonly pmsg2Indices: readonly number[];
  readonly cmsg1: string;
  readonly cmsg1Pool: readonly string[];
  readonly cmsg1Index: number;
  readonly cmsg2: string;
  readonly cinvMsg: string;
  readonly recoveryData: string;
  readonly expectedError?: ExpectedError;
  readonly expectedHostpubkey?: string;
  readonly expectedParamsHash?: string;
  readonly expectedPmsg1?: string;
  readonly expectedPmsg2?: string;
  readonly expectedCmsg1?: string;
  readonly expectedCinvMsgs?: readonly string[];
  readonly expectedOutput?: unknown;
}

type CaseGroup = Partial<VectorCase> & {
  readonly validTestCases?: readonly Omit<VectorCase, 'firstHostseckey'>[];
  readonly errorTestCases?: readonly VectorCase[];
};

type VectorFile = CaseGroup & { readonly totalTests: number; readonly testGroups?: readonly CaseGroup[] };

/** What a case asserts, by file. The result is compared with `expected`; an error with the case's. */
const runners: Record<string, (group: Secp256k1Group, vector: VectorCase) => { result: unknown; expected: unknown }> = {
  hostpubkey_gen: (group, vector) => ({
    result: hex(hostPublicKey(group, hostSecret(vector))),
    expected: vector.expectedHostpubkey,
  }),
  params_hash: (group, vector) => ({
    result: hex(paramsHash(group, params(vector))),
    expected: vector.expectedParamsHash,
  }),
  participant_step1: (group, vector) => ({
    result: hex(participantStep1(group, hostSecret(vector), params(vector), bytes(vector.random)).message),
    expected: vector.expectedPmsg1,
  }),
  participant_step2: (group, vector) => {
    const { state, message } = step2(group, vector);
    group.freeSecret(state.output.secretShare);
    return { result: hex(message), expected: vector.expectedPmsg2 };
  },
  participant_finalize: (group, vector) => {
    const { state, message } = step2(group, vector);
    expect(hex(message)).toBe(vector.pmsg2);
    try {
      const { output, recoveryData } = participantFinalize(group, state, bytes(vector.cmsg2));
      const result = { dkgOutput: rendered(output), recoveryData: hex(recoveryData) };
      return { result, expected: vector.expectedOutput };
    } finally {
      group.freeSecret(state.output.secretShare);
    }
  },
  participant_investigate: (group, vector) => {
    const unknown = thrownBy(() => step2(group, { ...vector, cmsg1: at(vector.cmsg1Pool, vector.cmsg1Index) }));
    if (!(unknown instanceof UnknownFaultyParticipantOrCoordinatorError)) throw unknown;
    return participantInvestigate(group, unknown, bytes(vector.cinvMsg));
  },
  coordinator_step1: (group, vector) => {
    const messages = vector.pmsg1Indices.map((index) => bytes(at(vector.pmsg1Pool, index)));
    return { result: hex(coordinatorStep1(group, messages, params(vector)).message), expected: vector.expectedCmsg1 };
  },
  coordinator_finalize: (group, vector) => {
    const { state, message } = coordinatorStep1(group, vector.pmsgs1.map(bytes), params(vector));
    expect(hex(message)).toBe(vector.cmsg1);
    const signatures = vector.pmsg2Indices.map((index) => bytes(at(vector.pmsg2Pool, index)));
    const { certificate, output, recoveryData } = coordinatorFinalize(group, state, signatures);
    const result = { cmsg2: hex(certificate), dkgOutput: rendered(output), recoveryData: hex(recoveryData) };
    return { result, expected: vector.expectedOutput };
  },
  coordinator_investigate: (group, vector) => ({
    result: coordinatorInvestigate(group, vector.pmsgs1.map(bytes), params(vector)).map(hex),
    expected: vector.expectedCinvMsgs,
  }),
  recover: (group, vector) => {
    const data = bytes(vector.recoveryData);
    const render = (output: DkgPublicOutput | DkgOutput, { hostPublicKeys, threshold }: SessionParams) => ({
      dkgOutput: rendered(output),
      params: { hostpubkeys: hostPublicKeys.map(hex), t: threshold },
    });
    if (vector.hostseckey === null) {
      const { output, params } = coordinatorRecover(group, data);
      return { result: render(output, params), expected: vector.expectedOutput };
    }
    const { output, params } = participantRecover(group, hostSecret(vector), data);
    const result = render(output, params);
    group.freeSecret(output.secretShare);
    return { result, expected: vector.expectedOutput };
  },
};

const folder = process.env['COUNTERSIGN_VECTORS'];

describe.skipIf(folder === undefined)('ChillDKG agrees with the vectors (skipped without COUNTERSIGN_VECTORS)', () => {
  const noble = nobleSecp256k1Group();
  const groups: [string, () => Promise<Secp256k1Group>][] = [
    ['the native library', loadSecp256k1Group],
    ['@noble/curves', async () => noble],
  ];
  const files = folder === undefined ? [] : readdirSync(join(folder, 'chilldkg')).filter((f) => f.endsWith('.json'));

  it('knows every file', () => {
    expect(files.map((file) => file.replace('_vectors.json', '')).sort()).toEqual(Object.keys(runners).sort());
  });

  let total = 0;
  let ran = 0;
  for (const [engine, load] of groups) {
    for (const file of files) {
      const content: VectorFile = JSON.parse(readFileSync(join(folder ?? '', 'chilldkg', file), 'utf8'));
      const cases = casesOf(content);
      total += content.totalTests;
      it(`${file}, all ${content.totalTests} cases, on ${engine}`, async () => {
        const group = await load();
        expect(cases).toHaveLength(content.totalTests);
        for (const vector of cases) {
          runCase(group, file.replace('_vectors.json', ''), vector);
          ran += 1;
        }
      });
    }
  }

  it('ran them all, and freed every secret', () => {
    expect(total).toBe(249 * groups.length);
    expect(ran).toBe(total);
    expect(noble.secretsInUse()).toBe(0);
  });
});

function runCase(group: Secp256k1Group, name: string, vector: VectorCase): void {
  const label = `${name} ${vector.tcId}: ${vector.comment}`;
  const run = runners[name];
  if (run === undefined) throw new Error(`no runner for ${name}`);
  if (vector.expectedError === undefined) {
    const { result, expected } = run(group, vector);
    expect(expected, label).toBeDefined();
    expect(result, label).toEqual(expected);
    return;
  }
  const error = thrownBy(() => run(group, vector));
  // Python's error for arguments of a wrong length is our RangeError.
  expect(error, label).toMatchObject({ name: vector.expectedError.type.replace(/^ValueError$/, 'RangeError') });
  const { participantId, participantId1, participantId2 } = vector.expectedError;
  if (participantId !== undefined) expect(error, label).toMatchObject({ participant: participantId });
  if (participantId1 !== undefined) {
    expect(error, label).toMatchObject({ participants: [participantId1, participantId2] });
  }
  if (error instanceof UnknownFaultyParticipantOrCoordinatorError) group.freeSecret(error.investigation.secrets);
}

function casesOf(file: VectorFile): readonly VectorCase[] {
  return (file.testGroups ?? [file]).flatMap((common) =>
    [...(common.validTestCases ?? []), ...(common.errorTestCases ?? [])].map((vector) => ({
      ...common,
      ...vector,
      firstHostseckey: common.hostseckey ?? vector.hostseckey,
    })),
  );
}

/** Step 1, whose message every file repeats for its valid key, then step 2. */
function step2(group: Secp256k1Group, vector: VectorCase) {
  const first = participantStep1(group, bytes(vector.firstHostseckey ?? ''), params(vector), bytes(vector.random));
  expect(hex(first.message)).toBe(vector.pmsg1);
  return participantStep2(group, hostSecret(vector), first.state, bytes(vector.cmsg1), bytes(vector.auxRand));
}

function hostSecret({ hostseckey }: VectorCase): Uint8Array {
  return bytes(hostseckey ?? '');
}

function params({ params: { hostpubkeys, t } }: VectorCase): SessionParams {
  return { hostPublicKeys: hostpubkeys.map(bytes), threshold: t };
}

function rendered(output: DkgPublicOutput | DkgOutput) {
  return {
    secshare: 'secretShare' in output ? hex(output.secretShare) : null,
    threshPk: hex(output.thresholdPublicKey),
    pubshares: output.publicShares.map(hex),
  };
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex').toUpperCase();
}
