/** Why what was agreed before signing, or what this party keeps, can't be used. Nobody in the session is to blame. */
export type InputProblem =
  | 'threshold'
  | 'signer-count'
  | 'public-share-count'
  | 'identifier-range'
  | 'public-share'
  | 'duplicate-identifier'
  | 'key-material'
  | 'tweak-count'
  | 'tweak-length'
  | 'tweak-range'
  | 'tweaked-to-identity'
  | 'length'
  | 'first-nonce-range'
  | 'second-nonce-range'
  | 'share-range'
  | 'signer-not-listed'
  | 'share-not-listed'
  | 'partial-signature-count'
  | 'public-nonce-count';

export class InvalidSigningInput extends RangeError {
  override readonly name = 'InvalidSigningInput';
  readonly problem: InputProblem;
  /** @param message for people; no secrets */
  constructor(problem: InputProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export type Contribution = 'public nonce' | 'partial signature' | 'aggregate nonce' | 'aggregate of the other nonces';

/** Somebody in the session sent what no honest party sends. */
export class InvalidContribution extends Error {
  override readonly name = 'InvalidContribution';
  /** Position in the list of signers; undefined for whoever aggregated. */
  readonly signer: number | undefined;
  readonly contribution: Contribution;
  constructor(signer: number | undefined, contribution: Contribution) {
    super(signer === undefined ? `invalid ${contribution}` : `invalid ${contribution} of signer ${signer}`);
    this.signer = signer;
    this.contribution = contribution;
  }
}
