import { afterEach, describe, expect, it } from 'vitest';
import { finished, freeRun, runKeygen, session } from '../../test/chilldkg-parties.ts';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { ProtocolAbort } from '../protocol.ts';
import { RecoveryDataError } from './chilldkg-errors.ts';
import type { KeygenResult } from './keygen-result.ts';
import { resumeFromPending } from './pending-keygen.ts';

const group = nobleSecp256k1Group();
const three = session(group, 2, 3);

afterEach(() => {
  expect(group.secretsInUse()).toBe(0);
});

describe('an interrupted key generation', () => {
  it('ends with the result of the others, by the recovery data of one of them', () => {
    withRun(({ result, pending, recoveryData }) => {
      expectSame(resumeFromPending(group, pending, { kind: 'recovery-data', recoveryData }), result);
    });
  });

  it("ends with it by everyone's signatures", () => {
    withRun(({ result, pending, signatures }) => {
      expectSame(resumeFromPending(group, pending, { kind: 'signatures', signatures }), result);
    });
  });

  it('can be resumed again, and from a copy of the pending state', () => {
    withRun(({ result, pending, recoveryData }) => {
      const copy = pending.slice();
      for (const state of [pending, copy, Buffer.from(copy)]) {
        expectSame(resumeFromPending(group, state, { kind: 'recovery-data', recoveryData }), result);
      }
    });
  });

  it('names whose signature is missing', () => {
    withRun(({ pending, signatures }) => {
      const changed = signatures.map((signature, party) => (party === 0 ? new Uint8Array(64) : signature));
      const resume = () => resumeFromPending(group, pending, { kind: 'signatures', signatures: changed });
      expect(resume).toThrow(expect.objectContaining({ name: new ProtocolAbort([], '').name, culprits: [0] }));
      const short = signatures.map((signature, party) => (party === 2 ? signature.subarray(1) : signature));
      expect(() => resumeFromPending(group, pending, { kind: 'signatures', signatures: short })).toThrow(
        expect.objectContaining({ culprits: [2] }),
      );
    });
  });

  it('is not ended by the wrong number of signatures', () => {
    withRun(({ pending, signatures }) => {
      for (const some of [signatures.slice(1), [...signatures, ...signatures], []]) {
        expect(() => resumeFromPending(group, pending, { kind: 'signatures', signatures: some })).toThrow(RangeError);
      }
    });
  });

  it('is not ended by the recovery data of another session', () => {
    const other = runKeygen([group], session(group, 2, 3, 'other'));
    const { recoveryData } = finished(other.outcomes[0]);
    freeRun([group], other);
    withRun(({ pending }) => {
      expect(() => resumeFromPending(group, pending, { kind: 'recovery-data', recoveryData })).toThrow(
        RecoveryDataError,
      );
    });
  });

  it('is not ended by recovery data in which anything is changed', () => {
    withRun(({ pending, recoveryData }) => {
      for (let index = 0; index < recoveryData.length; index += 23) {
        const changed = recoveryData.map((byte, at) => (at === index ? byte ^ 1 : byte));
        const resume = () => resumeFromPending(group, pending, { kind: 'recovery-data', recoveryData: changed });
        expect(resume, `byte ${index}`).toThrow(RecoveryDataError);
      }
      for (const changed of [
        recoveryData.subarray(1),
        recoveryData.subarray(0, -64),
        new Uint8Array(),
        twice(recoveryData),
      ]) {
        const resume = () => resumeFromPending(group, pending, { kind: 'recovery-data', recoveryData: changed });
        expect(resume).toThrow(RecoveryDataError);
      }
    });
  });

  it('has to have been written by this version', () => {
    withRun(({ pending, recoveryData }) => {
      for (const state of [new Uint8Array(), pending.slice(0, 37), Uint8Array.of(2, ...pending.slice(1))]) {
        expect(() => resumeFromPending(group, state, { kind: 'recovery-data', recoveryData })).toThrow(RangeError);
      }
      const another = pending.slice();
      another[4] = 0;
      expect(() => resumeFromPending(group, another, { kind: 'recovery-data', recoveryData })).toThrow(
        'contradicts itself',
      );
    });
  });
});

interface Ended {
  readonly result: KeygenResult;
  readonly pending: Uint8Array;
  readonly recoveryData: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** Party 1 is the one that was interrupted; the recovery data is party 2's. */
function withRun(check: (ended: Ended) => void): void {
  const run = runKeygen([group], three);
  check({
    result: finished(run.outcomes[1]),
    pending: run.pending[1] ?? new Uint8Array(),
    recoveryData: finished(run.outcomes[2]).recoveryData,
    signatures: run.rounds[1] ?? [],
  });
  freeRun([group], run);
}

function expectSame(resumed: KeygenResult, result: KeygenResult): void {
  expect(plain(resumed)).toEqual(plain(result));
  group.freeSecret(resumed.secretShare);
}

function plain(result: KeygenResult): unknown {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return {
    ...result,
    secretShare: hex(result.secretShare),
    recoveryData: hex(result.recoveryData),
    certificate: hex(result.certificate),
    chainCode: hex(result.chainCode),
    thresholdPublicKey: hex(result.thresholdPublicKey),
    publicShares: result.publicShares.map(hex),
    params: { ...result.params, hostPublicKeys: result.params.hostPublicKeys.map(hex) },
  };
}

function twice(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, bytes]);
}
