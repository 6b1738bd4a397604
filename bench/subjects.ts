/**
 * The algorithms that are measured: how each is called by the registry, by `openssl speed` and on the wire, and the
 * bar that the project set for batches of 1,000. One entry adds one to the benchmark.
 */
import { hash } from 'node:crypto';
import type { KeyParameters, Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import {
  type MlDsaParameterSet,
  type NobleEcdsaCurve,
  verifyBip340,
  verifyEcdsa,
  verifyEd448,
  verifyEd25519,
  verifyMlDsa,
} from '../scripts/demo/noble-verifiers.ts';
import type { OtherOpenssl } from '../scripts/demo/other-openssl.ts';

/** What the bare loop signs with; plain JSON, handed to a child process. */
export interface EngineTask {
  readonly algorithm: string;
  readonly parameters: KeyParameters;
  readonly payloadKind: Payload['kind'];
  readonly digest: Payload['digest'];
  readonly options: SigningOptions;
}

export interface Subject {
  readonly name: string;
  readonly task: EngineTask;
  /** The word for `openssl speed`; undefined where it has nothing comparable. */
  readonly opensslSpeed: string | undefined;
  /** Least share of the all-core limit for batches of 1,000, and where we want to be. */
  readonly bar: { readonly least: number; readonly wanted: number } | undefined;
  /** Not part of the default run. */
  readonly isExtra: boolean;
  readonly key: Readonly<Record<string, unknown>>;
  /** The item without its `key`. */
  readonly item: (message: Buffer) => Readonly<Record<string, unknown>>;
  /** By another implementation than the engine. */
  readonly verify: (
    publicKey: Buffer,
    message: Buffer,
    signature: Buffer,
    openssl: OtherOpenssl,
  ) => boolean | Promise<boolean>;
}

const AT_LEAST_90 = { least: 0.9, wanted: 0.9 };
const AT_LEAST_65 = { least: 0.65, wanted: 0.8 };

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const sha256 = (message: Buffer): Buffer => hash('sha256', message, 'buffer');

/** Every ECDSA row signs a SHA-256 digest, so that rows differ by their curve alone. */
function ecdsa(
  name: string,
  algorithm: string,
  curve: NobleEcdsaCurve,
  opensslSpeed: string | undefined,
  rest: Pick<Subject, 'bar' | 'isExtra'>,
): Subject {
  return {
    name,
    task: { algorithm, parameters: {}, payloadKind: 'digest', digest: 'sha-256', options: {} },
    opensslSpeed,
    ...rest,
    key: { obj_type: 'EC', elliptic_curve: curve },
    item: (message) => ({ hash_alg: 'SHA256', hash: base64(sha256(message)) }),
    verify: (publicKey, message, signature) => verifyEcdsa(curve, publicKey, sha256(message), signature),
  };
}

function rsa(bits: number, padding: 'pkcs1-v1.5' | 'pss', rest: Pick<Subject, 'bar' | 'isExtra'>): Subject {
  const isPss = padding === 'pss';
  return {
    name: `RSA-${bits}${isPss ? ' PSS' : ''}`,
    task: {
      algorithm: 'rsa',
      parameters: { modulusBits: bits },
      payloadKind: 'digest',
      digest: 'sha-256',
      options: isPss ? { padding, mgf1Digest: 'sha-256' } : { padding },
    },
    opensslSpeed: `rsa${bits}`,
    ...rest,
    key: { obj_type: 'RSA', key_size: bits },
    item: (message) => ({
      hash_alg: 'SHA256',
      hash: base64(sha256(message)),
      mode: isPss ? { PSS: { mgf: { mgf1: { hash: 'SHA256' } } } } : { PKCS1_V15: {} },
    }),
    verify: (publicKey, message, signature, openssl) =>
      openssl.verify({
        publicKey,
        message,
        signature,
        digest: 'sha256',
        padding: isPss ? { kind: 'pss', mgf1: 'sha256' } : { kind: 'pkcs1' },
      }),
  };
}

function eddsa(name: 'Ed25519' | 'Ed448', rest: Pick<Subject, 'bar' | 'isExtra'>): Subject {
  const verify = name === 'Ed25519' ? verifyEd25519 : verifyEd448;
  return {
    name,
    task: { algorithm: name.toLowerCase(), parameters: {}, payloadKind: 'message', digest: undefined, options: {} },
    opensslSpeed: name.toLowerCase(),
    ...rest,
    key: { obj_type: 'EC', elliptic_curve: name },
    item: (message) => ({ data: base64(message) }),
    verify: (publicKey, message, signature) => verify(publicKey, message, signature),
  };
}

function bip340(name: string, merkleRoot: Buffer | undefined, rest: Pick<Subject, 'bar' | 'isExtra'>): Subject {
  return {
    name,
    task: {
      algorithm: 'bip340',
      parameters: {},
      payloadKind: 'digest',
      digest: 'sha-256',
      options: merkleRoot === undefined ? {} : { merkleRoot },
    },
    opensslSpeed: undefined,
    ...rest,
    key: { obj_type: 'BIP340' },
    item: (message) => ({
      hash_alg: 'SHA256',
      hash: base64(sha256(message)),
      ...(merkleRoot === undefined ? {} : { mode: { merkle_root: base64(merkleRoot) } }),
    }),
    verify: (publicKey, message, signature) => verifyBip340(publicKey, sha256(message), signature, merkleRoot),
  };
}

function mlDsa(parameterSet: MlDsaParameterSet, rest: Pick<Subject, 'bar' | 'isExtra'>): Subject {
  const name = `ML-DSA-${parameterSet.slice(5)}`;
  return {
    name,
    task: {
      algorithm: name.toLowerCase(),
      parameters: {},
      payloadKind: 'message',
      digest: undefined,
      options: { variant: 'pure' },
    },
    // Known to the openssl command from 3.5 on.
    opensslSpeed: name,
    ...rest,
    key: { obj_type: 'MLDSA', mldsa: { param_set: parameterSet } },
    item: (message) => ({ data: base64(message), mode: { variant: 'PURE' } }),
    verify: (publicKey, message, signature) =>
      verifyMlDsa(parameterSet, publicKey, message, signature, Buffer.alloc(0), false),
  };
}

const barred = (bar: Subject['bar']): Pick<Subject, 'bar' | 'isExtra'> => ({ bar, isExtra: false });
const EXTRA: Pick<Subject, 'bar' | 'isExtra'> = { bar: undefined, isExtra: true };

export const SUBJECTS: readonly Subject[] = [
  rsa(2048, 'pkcs1-v1.5', barred(AT_LEAST_90)),
  rsa(3072, 'pkcs1-v1.5', barred(AT_LEAST_90)),
  ecdsa('P-384', 'ecdsa-p384', 'NistP384', 'ecdsap384', barred(AT_LEAST_90)),
  mlDsa('MlDsa65', barred(AT_LEAST_90)),
  ecdsa('P-256', 'ecdsa-p256', 'NistP256', 'ecdsap256', barred(AT_LEAST_65)),
  eddsa('Ed25519', barred(AT_LEAST_65)),
  ecdsa('secp256k1', 'ecdsa-secp256k1', 'SecP256K1', undefined, barred(AT_LEAST_65)),
  bip340('BIP340', undefined, barred(AT_LEAST_65)),
  bip340('BIP340 taproot', Buffer.alloc(32, 7), EXTRA),
  rsa(2048, 'pss', EXTRA),
  rsa(4096, 'pkcs1-v1.5', EXTRA),
  ecdsa('P-521', 'ecdsa-p521', 'NistP521', 'ecdsap521', EXTRA),
  eddsa('Ed448', EXTRA),
  mlDsa('MlDsa44', EXTRA),
  mlDsa('MlDsa87', EXTRA),
];
