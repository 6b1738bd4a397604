/**
 * DSM's words for what a key is (obj_type with elliptic_curve or param_set), beside our names of algorithms. A table:
 * an algorithm that DSM can name is one line here, and nothing else in this dialect knows about it.
 */

export interface AlgorithmWords {
  readonly objType: string;
  readonly ellipticCurve?: string;
  readonly paramSet?: string;
  /** Operations of a key that names none, in DSM's order; EXPORT comes only by asking. */
  readonly defaultKeyOps: readonly string[];
}

const SIGNS_ONLY = ['SIGN', 'VERIFY', 'APPMANAGEABLE'];
const SIGNS_AND_AGREES = ['SIGN', 'VERIFY', 'AGREEKEY', 'APPMANAGEABLE'];

const ec = (ellipticCurve: string, defaultKeyOps = SIGNS_AND_AGREES): AlgorithmWords => ({
  objType: 'EC',
  ellipticCurve,
  defaultKeyOps,
});
const mlDsa = (paramSet: string): AlgorithmWords => ({ objType: 'MLDSA', paramSet, defaultKeyOps: SIGNS_ONLY });

export const ALGORITHM_WORDS: ReadonlyMap<string, AlgorithmWords> = new Map<string, AlgorithmWords>([
  [
    'rsa',
    {
      objType: 'RSA',
      defaultKeyOps: ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'APPMANAGEABLE'],
    },
  ],
  ['ecdsa-p192', ec('NistP192')],
  ['ecdsa-p224', ec('NistP224')],
  ['ecdsa-p256', ec('NistP256')],
  ['ecdsa-p384', ec('NistP384')],
  ['ecdsa-p521', ec('NistP521')],
  ['ecdsa-secp192k1', ec('SecP192K1')],
  ['ecdsa-secp224k1', ec('SecP224K1')],
  ['ecdsa-secp256k1', ec('SecP256K1')],
  ['ed25519', ec('Ed25519', SIGNS_ONLY)],
  ['ed448', ec('Ed448', SIGNS_ONLY)],
  ['ml-dsa-44', mlDsa('MlDsa44')],
  ['ml-dsa-65', mlDsa('MlDsa65')],
  ['ml-dsa-87', mlDsa('MlDsa87')],
  // Ours: DSM has no BIP340 keys.
  ['bip340', { objType: 'BIP340', defaultKeyOps: SIGNS_ONLY }],
]);

/**
 * Algorithms that DSM has no word for, and that aren't made here. A key of theirs that another API made is shown as OPAQUE
 * and can be deleted; it is used as far as a request of DSM can say what the algorithm needs.
 */
export const ALGORITHMS_WITHOUT_WORDS: ReadonlySet<string> = new Set(['dh-secp256k1', 'ecdsa-stark']);

/** Words that DSM knows and this version doesn't. */
const UNBUILT_OBJ_TYPES = [
  'AES',
  'ARIA',
  'BIP32',
  'BLS',
  'CERTIFICATE',
  'DES',
  'DES3',
  'DSA',
  'ECKCDSA',
  'HMAC',
  'KCDSA',
  'LMS',
  'MLKEM',
  'MLKEMBETA',
  'OPAQUE',
  'PBE',
  'SECRET',
  'SEED',
  'SLIP10',
  'XMSS',
] as const;
const UNBUILT_CURVES = ['X25519', 'X448', 'Gost256A'] as const;

/** Other spellings of an object type that are read but never answered. */
const OBJ_TYPE_ALIASES: ReadonlyMap<string, string> = new Map([['MLDSABETA', 'MLDSA']]);

export type AlgorithmChoice =
  | { readonly ok: true; readonly algorithm: string; readonly words: AlgorithmWords }
  | { readonly ok: false; readonly code: 'invalid_request' | 'not_supported'; readonly reason: string };

/**
 * The algorithm that a request means. Every word is checked against the table, and one that belongs to another object
 * type (a curve for RSA) is refused.
 */
export function chooseAlgorithm(asked: {
  readonly objType: string;
  readonly ellipticCurve: string | undefined;
  readonly paramSet: string | undefined;
}): AlgorithmChoice {
  const objType = OBJ_TYPE_ALIASES.get(asked.objType) ?? asked.objType;
  const candidates = [...ALGORITHM_WORDS].filter(([, words]) => words.objType === objType);
  const [first] = candidates;
  if (first === undefined)
    return refuseWord('obj_type', asked.objType, UNBUILT_OBJ_TYPES, unique([...ALGORITHM_WORDS.values()], 'objType'));
  const [, shape] = first;
  const curve = refuseSelector(
    'elliptic_curve',
    asked.ellipticCurve,
    unique(
      candidates.map(([, w]) => w),
      'ellipticCurve',
    ),
    UNBUILT_CURVES,
    objType,
  );
  if (curve !== undefined) return curve;
  const paramSet = refuseSelector(
    'mldsa.param_set',
    asked.paramSet,
    unique(
      candidates.map(([, w]) => w),
      'paramSet',
    ),
    [],
    objType,
  );
  if (paramSet !== undefined) return paramSet;
  const found = candidates.find(
    ([, words]) =>
      (shape.ellipticCurve === undefined || words.ellipticCurve === asked.ellipticCurve) &&
      (shape.paramSet === undefined || words.paramSet === asked.paramSet),
  );
  return found === undefined
    ? { ok: false, code: 'invalid_request', reason: 'the key type is not fully named' }
    : { ok: true, algorithm: found[0], words: found[1] };
}

function refuseSelector(
  member: string,
  word: string | undefined,
  allowed: readonly string[],
  unbuilt: readonly string[],
  objType: string,
): AlgorithmChoice | undefined {
  if (allowed.length === 0)
    return word === undefined ? undefined : invalid(`${member} has no place in a key of obj_type ${objType}`);
  if (word === undefined) return invalid(`${member} is needed: one of ${allowed.join(', ')}`);
  return allowed.includes(word) ? undefined : refuseWord(member, word, unbuilt, allowed);
}

function refuseWord(
  member: string,
  word: string,
  unbuilt: readonly string[],
  allowed: readonly string[],
): AlgorithmChoice {
  return unbuilt.includes(word)
    ? { ok: false, code: 'not_supported', reason: `${member}: ${word} is not supported yet` }
    : invalid(`${member} must be one of ${allowed.join(', ')}`);
}

function invalid(reason: string): AlgorithmChoice {
  return { ok: false, code: 'invalid_request', reason };
}

function unique(words: readonly AlgorithmWords[], member: 'objType' | 'ellipticCurve' | 'paramSet'): readonly string[] {
  return [...new Set(words.map((entry) => entry[member]).filter((word) => word !== undefined))];
}
