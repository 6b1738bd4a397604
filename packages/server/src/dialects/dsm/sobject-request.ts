/** `SobjectRequest`: what a caller says of a new key. */
import { findAlgorithm } from '@countersign/algorithms/registry';
import { DomainError } from '@countersign/core/domain-error';
import { type GroupId, parseId } from '@countersign/core/ids';
import type { NewKey } from '@countersign/core/keys';
import type { Caller } from '@countersign/core/principal';
import { type Static, Type } from 'typebox';
import { chooseAlgorithm } from './algorithm-words.ts';
import { parseDsmTime } from './dsm-time.ts';
import { toDialectAttributes } from './key-attributes.ts';
import { KEY_OPS, operationsOf } from './key-ops.ts';

const Text = Type.String({ maxLength: 4096 });
const Bits = Type.Integer({ minimum: 1, maximum: 65_536 });
const ParamSet = Type.Object({ param_set: Text });

export const SobjectRequestSchema = Type.Object({
  name: Type.Optional(Text),
  description: Type.Optional(Text),
  obj_type: Text,
  key_size: Type.Optional(Bits),
  pub_exponent: Type.Optional(Type.Integer({ minimum: 3, maximum: 0xffff_ffff })),
  elliptic_curve: Type.Optional(Text),
  key_ops: Type.Optional(Type.Array(Text, { maxItems: 64 })),
  enabled: Type.Optional(Type.Boolean()),
  state: Type.Optional(Text),
  activation_date: Type.Optional(Text),
  transient: Type.Optional(Type.Boolean()),
  group_id: Type.Optional(Text),
  custom_metadata: Type.Optional(Type.Record(Type.String({ maxLength: 256 }), Text)),
  deterministic_signatures: Type.Optional(Type.Boolean()),
  allow_sign_hash: Type.Optional(Type.Boolean()),
  rsa: Type.Optional(
    Type.Object({
      key_size: Type.Optional(Bits),
      public_exponent: Type.Optional(Type.Integer({ minimum: 3, maximum: 0xffff_ffff })),
      encryption_policy: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 64 })),
      signature_policy: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 64 })),
    }),
  ),
  publish_public_key: Type.Optional(Type.Object({ state: Type.Optional(Text) })),
  mldsa: Type.Optional(ParamSet),
  mldsa_beta: Type.Optional(ParamSet),
  verify_after_sign: Type.Optional(
    Type.Boolean({ description: 'Ours, not DSM: check every signature before it leaves.' }),
  ),
});
export type SobjectRequest = Static<typeof SobjectRequestSchema>;

/** Members that would restrict a key. To pass over one would make a key that may do more than its maker said. */
const UNBUILT_MEMBERS = [
  'value',
  'deactivation_date',
  'rotation_policy',
  'export_policy',
  'scheduled_rotation_policy',
  'approval_policy',
  'links',
] as const;

const MAX_METADATA_MEMBERS = 100;

/** @throws DomainError `invalid_request` or `not_supported` */
export function readNewKey(request: SobjectRequest, caller: Caller, nowMs: number): NewKey {
  for (const member of UNBUILT_MEMBERS) {
    if (Object.hasOwn(request, member)) throw new DomainError('not_supported', `${member} is not supported yet`);
  }
  if (request.publish_public_key !== undefined && request.publish_public_key.state !== 'disabled')
    throw new DomainError('not_supported', 'publish_public_key is not supported yet');
  if (request.mldsa !== undefined && request.mldsa_beta !== undefined)
    throw new DomainError('invalid_request', 'give one of mldsa and mldsa_beta');
  const chosen = chooseAlgorithm({
    objType: request.obj_type,
    ellipticCurve: request.elliptic_curve,
    paramSet: (request.mldsa ?? request.mldsa_beta)?.param_set,
  });
  if (!chosen.ok) throw new DomainError(chosen.code, chosen.reason);
  const transient = request.transient === true;
  const keyOps = readKeyOps(request.key_ops) ?? chosen.words.defaultKeyOps;
  const operations = operationsOf(keyOps);
  for (const text of [request.name ?? '', request.description ?? '']) {
    // Half a surrogate pair is replaced when it is stored, so that two names would become one.
    if (!text.isWellFormed()) throw new DomainError('invalid_request', 'name and description must be valid Unicode');
  }
  if (!transient && request.name === undefined) throw new DomainError('invalid_request', 'a key needs a name');
  return {
    name: transient ? undefined : request.name,
    description: request.description ?? '',
    groupId: readGroupId(request.group_id),
    algorithm: chosen.algorithm,
    parameters: chosen.words.objType === 'RSA' ? readRsaParameters(request) : readFixedSize(request, chosen.algorithm),
    custody: 'vault',
    persistence: transient ? 'transient' : 'stored',
    operations,
    exportable: operations.includes('export'),
    enabled: request.enabled ?? true,
    state: readState(request, nowMs),
    deterministicSignatures: request.deterministic_signatures,
    allowSignDigest: request.allow_sign_hash ?? true,
    verifyAfterSign: request.verify_after_sign ?? false,
    dialectAttributes: toDialectAttributes({
      keyOps,
      creator: caller.principal.kind === 'user' ? 'user' : 'app',
      customMetadata: readMetadata(request.custom_metadata),
      encryptionPolicy: request.rsa?.encryption_policy,
      mlDsaBeta: request.mldsa_beta !== undefined || request.obj_type === 'MLDSABETA',
    }),
  };
}

function readKeyOps(words: readonly string[] | undefined): readonly string[] | undefined {
  if (words === undefined) return undefined;
  if (!words.every((word) => KEY_OPS.has(word)))
    throw new DomainError('invalid_request', `key_ops may hold ${[...KEY_OPS.keys()].join(', ')}`);
  return [...new Set(words)];
}

function readGroupId(text: string | undefined): GroupId | undefined {
  if (text === undefined) return undefined;
  const id = parseId<GroupId>(text);
  if (id === undefined) throw new DomainError('invalid_request', 'group_id must be a UUID');
  return id;
}

/** For types whose size follows from their name: a size may be given if it is that one. */
function readFixedSize(request: SobjectRequest, algorithm: string): NewKey['parameters'] {
  if (request.rsa !== undefined || request.pub_exponent !== undefined)
    throw new DomainError('invalid_request', 'rsa and pub_exponent are for keys of obj_type RSA');
  const size = findAlgorithm(algorithm)?.keySizeBits({});
  if (request.key_size !== undefined && size !== undefined && request.key_size !== size)
    throw new DomainError('invalid_request', `a key of this type has a key_size of ${size}`);
  return {};
}

function readRsaParameters(request: SobjectRequest): NewKey['parameters'] {
  const modulusBits = agreed('key_size', request.key_size, 'rsa.key_size', request.rsa?.key_size);
  const publicExponent = agreed(
    'pub_exponent',
    request.pub_exponent,
    'rsa.public_exponent',
    request.rsa?.public_exponent,
  );
  if (modulusBits === undefined) throw new DomainError('invalid_request', 'key_size is needed for an RSA key');
  for (const policy of request.rsa?.signature_policy ?? [{}]) {
    if (typeof policy !== 'object' || policy === null || Object.keys(policy).length > 0)
      throw new DomainError('not_supported', 'rsa.signature_policy other than [{}] is not supported yet');
  }
  if (request.rsa?.signature_policy?.length === 0)
    throw new DomainError('not_supported', 'rsa.signature_policy other than [{}] is not supported yet');
  return { modulusBits, ...(publicExponent !== undefined && { publicExponent }) };
}

/** A value that may be given in two places, if it is the same. */
function agreed(
  name: string,
  value: number | undefined,
  otherName: string,
  other: number | undefined,
): number | undefined {
  if (value !== undefined && other !== undefined && value !== other)
    throw new DomainError('invalid_request', `${name} and ${otherName} differ`);
  return value ?? other;
}

function readState(request: SobjectRequest, nowMs: number): NewKey['state'] {
  if (request.state !== undefined && request.state !== 'Active' && request.state !== 'PreActive')
    throw new DomainError('invalid_request', 'state must be one of Active, PreActive');
  const activation = request.activation_date === undefined ? undefined : parseDsmTime(request.activation_date);
  if (request.activation_date !== undefined && activation === undefined)
    throw new DomainError('invalid_request', 'activation_date must look like 20170509T070912Z');
  // Nothing activates a key by itself yet, so a date to come would be a promise that isn't kept.
  if (activation !== undefined && activation > nowMs)
    throw new DomainError(
      'not_supported',
      'an activation_date in the future is not supported yet; use state PreActive',
    );
  return request.state === 'PreActive' ? 'pre-active' : 'active';
}

function readMetadata(metadata: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (metadata === undefined) return {};
  if (Object.keys(metadata).length > MAX_METADATA_MEMBERS)
    throw new DomainError('invalid_request', `custom_metadata has at most ${MAX_METADATA_MEMBERS} members`);
  return metadata;
}
