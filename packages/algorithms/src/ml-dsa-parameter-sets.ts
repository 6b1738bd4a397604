/** The parameter sets of ML-DSA (FIPS 204, section 4, tables 1 and 2). */
export interface MlDsaParameterSet {
  /** RFC 9881, section 2: without parameters. */
  readonly oid: string;
  readonly openssl: string;
  /** Collision strength, in bits, that a digest must have to be signed in place of a message (lambda of table 1). */
  readonly strengthBits: number;
  readonly publicKeyBytes: number;
  /** The expanded private key. What we keep is the seed, `ML_DSA_SEED_BYTES`. */
  readonly expandedKeyBytes: number;
  readonly signatureBytes: number;
}

export const ML_DSA_PARAMETER_SETS = {
  'ml-dsa-44': {
    oid: '2.16.840.1.101.3.4.3.17',
    openssl: 'ML-DSA-44',
    strengthBits: 128,
    publicKeyBytes: 1312,
    expandedKeyBytes: 2560,
    signatureBytes: 2420,
  },
  'ml-dsa-65': {
    oid: '2.16.840.1.101.3.4.3.18',
    openssl: 'ML-DSA-65',
    strengthBits: 192,
    publicKeyBytes: 1952,
    expandedKeyBytes: 4032,
    signatureBytes: 3309,
  },
  'ml-dsa-87': {
    oid: '2.16.840.1.101.3.4.3.19',
    openssl: 'ML-DSA-87',
    strengthBits: 256,
    publicKeyBytes: 2592,
    expandedKeyBytes: 4896,
    signatureBytes: 4627,
  },
} as const satisfies Record<string, MlDsaParameterSet>;

export type MlDsaName = keyof typeof ML_DSA_PARAMETER_SETS;

/** xi of FIPS 204, algorithm 1: the whole private key follows from it. */
export const ML_DSA_SEED_BYTES = 32;
export const ML_DSA_MU_BYTES = 64;
export const ML_DSA_MAX_CONTEXT_BYTES = 255;
