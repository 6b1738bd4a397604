/**
 * The errors of ChillDKG, by the names that the specification gives them. Participants are counted from 0, in the
 * order of the host public keys. Arguments of a wrong length or count are a RangeError everywhere.
 */

/** The host secret key isn't a number from 1 to the order less 1, or isn't the one that belongs here. */
export class HostSeckeyError extends Error {
  override readonly name = 'HostSeckeyError';
}

/** The parameters of the session can't be used. */
export abstract class SessionParamsError extends Error {}

export class ThresholdOrCountError extends SessionParamsError {
  override readonly name = 'ThresholdOrCountError';
  constructor() {
    super('the threshold must be at least 1 and at most the number of participants');
  }
}

export class InvalidHostPubkeyError extends SessionParamsError {
  override readonly name = 'InvalidHostPubkeyError';
  readonly participant: number;
  constructor(participant: number) {
    super(`the host public key of participant ${participant} is not a compressed point of secp256k1`);
    this.participant = participant;
  }
}

export class DuplicateHostPubkeyError extends SessionParamsError {
  override readonly name = 'DuplicateHostPubkeyError';
  readonly participants: readonly [number, number];
  constructor(first: number, second: number) {
    super(`participants ${first} and ${second} have the same host public key`);
    this.participants = [first, second];
  }
}

/** The randomness is all zeros: the generator is broken. */
export class RandomnessError extends Error {
  override readonly name = 'RandomnessError';
  constructor() {
    super('the randomness is all zeros');
  }
}

/** A message that was received broke the protocol. */
export abstract class ProtocolError extends Error {}

/** Raised by the coordinator's functions: this participant broke the protocol. */
export class FaultyParticipantError extends ProtocolError {
  override readonly name = 'FaultyParticipantError';
  readonly participant: number;
  constructor(participant: number, message: string) {
    super(`participant ${participant}: ${message}`);
    this.participant = participant;
  }
}

/** Raised by a participant's functions: this participant broke the protocol, or the coordinator makes it look so. */
export class FaultyParticipantOrCoordinatorError extends ProtocolError {
  override readonly name = 'FaultyParticipantOrCoordinatorError';
  readonly participant: number;
  constructor(participant: number, message: string) {
    super(`participant ${participant}, or the coordinator: ${message}`);
    this.participant = participant;
  }
}

/** Raised by a participant's functions: the coordinator broke the protocol. */
export class FaultyCoordinatorError extends ProtocolError {
  override readonly name = 'FaultyCoordinatorError';
}

/**
 * The shares sum to a point with no encoding: the threshold public key or somebody's public share would be the
 * identity. Honest parties meet it with probability 2^-256; a participant that chooses its message after it saw the
 * others' can force it on its own public share. The specification's reference stops with an assertion here.
 */
export class IdentitySumError extends ProtocolError {
  override readonly name = 'IdentitySumError';
}

/** The recovery data isn't that of a session that succeeded. */
export class RecoveryDataError extends Error {
  override readonly name = 'RecoveryDataError';
}

/** The acknowledgement of this participant isn't its signature over the recovery data. */
export class InvalidRecoveryAckError extends FaultyParticipantError {
  constructor(participant: number) {
    super(participant, 'the acknowledgement of the recovery data is not a valid signature');
  }
}

/** A message of the right length whose content can't be decoded; callers turn it into the blame of its sender. */
export class MessageParseError extends Error {
  override readonly name = 'MessageParseError';
}
