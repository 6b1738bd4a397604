/** The key as DSM shows it ("sobject"), with every member that some real client can't do without. */
import { findAlgorithm } from '@countersign/algorithms/registry';
import type { KeyRecord, KeyState } from '@countersign/core/key-record';
import type { Caller } from '@countersign/core/principal';
import { Type } from 'typebox';
import { ALGORITHM_WORDS, type AlgorithmWords } from './algorithm-words.ts';
import { dsmTime } from './dsm-time.ts';
import { dsmAttributesOf } from './key-attributes.ts';
import { KEY_OPS } from './key-ops.ts';
import { encodeBase64 } from './strict-base64.ts';

const Time = Type.String({ pattern: '^[0-9]{8}T[0-9]{6}Z$' });
const Uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const Base64 = Type.String({ contentEncoding: 'base64' });

export const SobjectSchema = Type.Object(
  {
    acct_id: Uuid,
    activation_date: Type.Optional(Time),
    allow_sign_hash: Type.Optional(Type.Boolean()),
    created_at: Time,
    creator: Type.Union([Type.Object({ app: Uuid }), Type.Object({ user: Uuid })]),
    custom_metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    description: Type.String(),
    deterministic_signatures: Type.Optional(Type.Boolean()),
    elliptic_curve: Type.Optional(Type.String()),
    enabled: Type.Boolean(),
    group_id: Uuid,
    key_ops: Type.Array(Type.String()),
    key_size: Type.Integer({ minimum: 1 }),
    kid: Type.Optional(Uuid),
    lastused_at: Time,
    mldsa: Type.Optional(Type.Object({ param_set: Type.String() })),
    mldsa_beta: Type.Optional(Type.Object({ param_set: Type.String() })),
    name: Type.Optional(Type.String()),
    never_exportable: Type.Boolean(),
    obj_type: Type.String(),
    origin: Type.Union([Type.Literal('FortanixHSM'), Type.Literal('Transient'), Type.Literal('External')]),
    pub_key: Base64,
    public_only: Type.Boolean(),
    rsa: Type.Optional(
      Type.Object({
        key_size: Type.Integer(),
        encryption_policy: Type.Array(Type.Unknown()),
        signature_policy: Type.Array(Type.Unknown()),
      }),
    ),
    state: Type.String(),
    transient_key: Type.Optional(Base64),
    verify_after_sign: Type.Optional(Type.Boolean({ description: 'Ours, not DSM: every signature is checked.' })),
  },
  { additionalProperties: false },
);

const STATE_WORDS: Readonly<Record<KeyState, string>> = {
  'pre-active': 'PreActive',
  active: 'Active',
  deactivated: 'Deactivated',
  compromised: 'Compromised',
  destroyed: 'Destroyed',
};

/** For an algorithm that DSM has no word for: see `ALGORITHMS_WITHOUT_WORDS`. */
const OPAQUE_WORDS: AlgorithmWords = { objType: 'OPAQUE', defaultKeyOps: [] };
const DEFAULT_ENCRYPTION_POLICY = [{ padding: { OAEP: {} } }];
const DEFAULT_SIGNATURE_POLICY = [{}];

/** @param transientKey what the session keeps instead of an id; undefined for a stored key */
export function renderSobject(key: KeyRecord, caller: Caller, transientKey: Uint8Array | undefined): object {
  const words = ALGORITHM_WORDS.get(key.algorithm) ?? OPAQUE_WORDS;
  const attributes = dsmAttributesOf(key);
  const algorithm = findAlgorithm(key.algorithm);
  const keySize = algorithm?.keySizeBits(key.parameters) ?? 8 * key.publicKey.length;
  const publicKey = algorithm?.encodeSpki(key.publicKey, key.parameters) ?? key.publicKey;
  const metadata = attributes?.customMetadata ?? {};
  return {
    acct_id: key.accountId,
    ...(key.activatedAtMs !== undefined && { activation_date: dsmTime(key.activatedAtMs) }),
    ...(!key.allowSignDigest && { allow_sign_hash: false }),
    created_at: dsmTime(key.createdAtMs),
    creator: { [creatorKind(key, caller)]: key.createdBy },
    ...(Object.keys(metadata).length > 0 && { custom_metadata: metadata }),
    description: key.description,
    ...(key.deterministicSignatures !== undefined && { deterministic_signatures: key.deterministicSignatures }),
    ...(words.ellipticCurve !== undefined && { elliptic_curve: words.ellipticCurve }),
    enabled: key.enabled,
    group_id: key.groupId,
    key_ops: attributes?.keyOps ?? wordsOfOperations(key),
    key_size: keySize,
    ...(key.persistence === 'stored' && { kid: key.id }),
    lastused_at: dsmTime(key.lastUsedAtMs ?? 0),
    ...(words.paramSet !== undefined && { mldsa: { param_set: words.paramSet } }),
    ...(words.paramSet !== undefined && attributes?.mlDsaBeta && { mldsa_beta: { param_set: words.paramSet } }),
    ...(key.name !== undefined && { name: key.name }),
    never_exportable: !key.exportable,
    obj_type: words.objType,
    origin: key.persistence === 'transient' ? 'Transient' : 'FortanixHSM',
    pub_key: encodeBase64(publicKey),
    public_only: key.sealed === undefined,
    ...(words.objType === 'RSA' && {
      rsa: {
        key_size: keySize,
        encryption_policy: attributes?.encryptionPolicy ?? DEFAULT_ENCRYPTION_POLICY,
        signature_policy: DEFAULT_SIGNATURE_POLICY,
      },
    }),
    state: STATE_WORDS[key.state],
    ...(transientKey !== undefined && { transient_key: encodeBase64(transientKey) }),
    ...(key.verifyAfterSign && { verify_after_sign: true }),
  };
}

/** DSM tells apps and users apart; for a key from another dialect we know it of the caller alone. */
function creatorKind(key: KeyRecord, caller: Caller): 'app' | 'user' {
  const known = dsmAttributesOf(key)?.creator;
  if (known !== undefined) return known;
  return caller.principal.id === key.createdBy && caller.principal.kind === 'user' ? 'user' : 'app';
}

function wordsOfOperations(key: KeyRecord): readonly string[] {
  return [...KEY_OPS].flatMap(([word, operation]) =>
    operation !== undefined && key.operations.includes(operation) ? [word] : [],
  );
}
