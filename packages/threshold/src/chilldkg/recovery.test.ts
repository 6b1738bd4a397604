import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { RecoveryDataError } from './chilldkg-errors.ts';
import { coordinatorFinalize, coordinatorStep1 } from './coordinator.ts';
import { hostPublicKey } from './host-public-key.ts';
import { participantStep1, participantStep2 } from './participant.ts';
import { signRecoveryAcknowledgement, verifyRecoveryAcknowledgements } from './recovery.ts';

/**
 * Known answers of the specification's reference implementation (bip-frost-dkg at a918968, `chilldkg_ref`, under
 * Python 3.11.7): 2 of 2, host secret keys 0x01.. and 0x02.., randomness 0x10.. and 0x11.., auxiliary randomness
 * 0x20.. and 0x21.. for step 2, and 0x30.. and 0x31.. for `participant_recovery_ack_sign`.
 */
const known = {
  recoveryDataSha256: 'b5f61a2f0e5f0d4a637bbb2aea2108cb7fe7d1ce4f48e7a5cb7089c45b76c925',
  acknowledgements: [
    '98cd2d694bec38f6c2db38c52876e3af24fa6184a39c16cb2c3dffc39be6dbd208d5831685962c1c8b020cb4c2f6073ca531f45ebec9218c48af483a89e6f74b',
    'd81050009a65735f96a554b68e98d82fee4699899e64637e1e519a70f1c6f76c30a418909a8c2ce2ea32f7e36e52d60fd72276b3d479e6440826fef58537774f',
  ],
};
const hostSecrets = [filled(1), filled(2)];
const native = await loadSecp256k1Group();

describe('the acknowledgement of recovery data', () => {
  for (const group of [native, nobleSecp256k1Group()]) {
    it(`is what the reference implementation signs (${group.constantTime ? 'native' : '@noble/curves'})`, () => {
      const { recoveryData, params, acknowledgements } = acknowledged(group);
      expect(createHash('sha256').update(recoveryData).digest('hex')).toBe(known.recoveryDataSha256);
      expect(acknowledgements.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(known.acknowledgements);
      verifyRecoveryAcknowledgements(group, recoveryData, params, acknowledgements);
    });
  }

  const { recoveryData, params, acknowledgements } = acknowledged(native);
  const [first, second] = acknowledgements as [Uint8Array, Uint8Array];

  it('is not that of another participant, nor the signature of the certificate', () => {
    const verify = (signatures: readonly Uint8Array[]) => () =>
      verifyRecoveryAcknowledgements(native, recoveryData, params, signatures);
    expect(verify([first, first])).toThrow(expect.objectContaining({ name: 'FaultyParticipantError', participant: 1 }));
    expect(verify([recoveryData.subarray(-128, -64), second])).toThrow(expect.objectContaining({ participant: 0 }));
    expect(verify([first])).toThrow(RangeError);
    expect(verify([first, second.subarray(1)])).toThrow(RangeError);
  });

  it('is over every byte', () => {
    const changed = Uint8Array.from(recoveryData);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => verifyRecoveryAcknowledgements(native, changed, params, acknowledgements)).toThrow(
      expect.objectContaining({ participant: 0 }),
    );
  });

  it('is refused for another session, and for a key of no participant', () => {
    const reversed = { ...params, hostPublicKeys: [...params.hostPublicKeys].reverse() };
    expect(() => verifyRecoveryAcknowledgements(native, recoveryData, reversed, acknowledgements)).toThrow(
      RecoveryDataError,
    );
    expect(() => signRecoveryAcknowledgement(native, filled(1), recoveryData, reversed, filled(9))).toThrow(
      RecoveryDataError,
    );
    expect(() => signRecoveryAcknowledgement(native, filled(3), recoveryData, params, filled(9))).toThrow(
      expect.objectContaining({ name: 'HostSeckeyError' }),
    );
    expect(() => signRecoveryAcknowledgement(native, filled(1), new Uint8Array(4), params, filled(9))).toThrow(
      RecoveryDataError,
    );
  });
});

function acknowledged(group: Secp256k1Group) {
  const params = { hostPublicKeys: hostSecrets.map((secret) => hostPublicKey(group, secret)), threshold: 2 };
  const first = hostSecrets.map((secret, party) => participantStep1(group, secret, params, filled(0x10 + party)));
  const coordinator = coordinatorStep1(
    group,
    first.map(({ message }) => message),
    params,
  );
  const signatures = first.map(({ state }, party) => {
    const secret = hostSecrets[party] ?? new Uint8Array();
    const second = participantStep2(group, secret, state, coordinator.message, filled(0x20 + party));
    group.freeSecret(second.state.output.secretShare);
    return second.message;
  });
  const { recoveryData } = coordinatorFinalize(group, coordinator.state, signatures);
  const acknowledgements = hostSecrets.map((secret, party) =>
    signRecoveryAcknowledgement(group, secret, recoveryData, params, filled(0x30 + party)),
  );
  return { params, recoveryData, acknowledgements };
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}
