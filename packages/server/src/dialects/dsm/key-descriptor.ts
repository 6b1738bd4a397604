/** The `key` member of requests: exactly one of kid, name, transient_key, inline. */
import { DomainError, type DomainErrorCode } from '@countersign/core/domain-error';
import { type KeyId, parseId } from '@countersign/core/ids';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import type { KeyReference } from '@countersign/core/signing-item';
import { Type } from 'typebox';
import { chooseAlgorithm } from './algorithm-words.ts';
import { decodeStrictBase64 } from './strict-base64.ts';

export const KeyDescriptorSchema = Type.Object(
  {
    kid: Type.Optional(Type.String({ format: 'uuid' })),
    name: Type.Optional(Type.String()),
    transient_key: Type.Optional(Type.String({ contentEncoding: 'base64' })),
    inline: Type.Optional(
      Type.Object({
        value: Type.String({ contentEncoding: 'base64' }),
        obj_type: Type.String(),
        elliptic_curve: Type.Optional(Type.String()),
      }),
    ),
  },
  { minProperties: 1, maxProperties: 1 },
);

/** A private key inside the request, still to be opened. */
export interface InlineKey {
  readonly algorithm: string;
  readonly value: Uint8Array;
}

export type ReadDescriptor =
  | { readonly kind: 'reference'; readonly reference: KeyReference }
  | { readonly kind: 'inline'; readonly inline: InlineKey }
  | { readonly kind: 'refused'; readonly code: DomainErrorCode; readonly reason: string };

interface RawDescriptor {
  readonly kid?: unknown;
  readonly name?: unknown;
  readonly transient_key?: unknown;
  readonly inline?: unknown;
}

/**
 * A reader of descriptors for one request. Equal descriptors give one and the same result, so that a batch over few
 * keys parses each id once, opens each transient key once, and imports each inline key once.
 */
export function createDescriptorReader(services: Services, caller: Caller): (raw: unknown) => ReadDescriptor {
  const byId = new Map<string, ReadDescriptor>();
  const byTransient = new Map<string, ReadDescriptor>();
  const byInline = new Map<string, ReadDescriptor>();
  let lastId = '';
  let lastRead: ReadDescriptor = NOT_ONE;

  function once(cache: Map<string, ReadDescriptor>, text: string, read: () => ReadDescriptor): ReadDescriptor {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const fresh = read();
    cache.set(text, fresh);
    return fresh;
  }

  return (raw) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return NOT_ONE;
    const { kid, name, transient_key: transient, inline } = raw as RawDescriptor;
    const given =
      (kid != null ? 1 : 0) + (name != null ? 1 : 0) + (transient != null ? 1 : 0) + (inline != null ? 1 : 0);
    if (given !== 1) return NOT_ONE;
    if (typeof kid === 'string') {
      if (kid === lastId) return lastRead;
      lastRead = once(byId, kid, () => readId(kid));
      lastId = kid;
      return lastRead;
    }
    if (typeof name === 'string') return readName(name);
    if (typeof transient === 'string')
      return once(byTransient, transient, () => openTransient(services, caller, transient));
    if (inline != null && typeof inline === 'object') {
      const { value, obj_type: objType, elliptic_curve: curve } = inline as Record<string, unknown>;
      return once(byInline, JSON.stringify([value, objType, curve]), () => readInline(value, objType, curve));
    }
    return refused('invalid_request', 'key.kid, key.name and key.transient_key are strings, key.inline is an object');
  };
}

function readId(kid: string): ReadDescriptor {
  const id = parseId<KeyId>(kid);
  return id === undefined
    ? refused('invalid_request', 'key.kid must be a UUID')
    : { kind: 'reference', reference: { by: 'id', id } };
}

const MAX_NAME_CHARACTERS = 4096;

function readName(name: string): ReadDescriptor {
  return name === '' || name.length > MAX_NAME_CHARACTERS || !name.isWellFormed()
    ? refused('invalid_request', `key.name must be a name of 1 to ${MAX_NAME_CHARACTERS} characters`)
    : { kind: 'reference', reference: { by: 'name', name } };
}

function openTransient(services: Services, caller: Caller, text: string): ReadDescriptor {
  const blob = decodeStrictBase64(text);
  if (blob === undefined) return refused('invalid_request', 'key.transient_key must be base64');
  try {
    return { kind: 'reference', reference: { by: 'record', record: services.keys.openTransient(caller, blob) } };
  } catch (error) {
    if (error instanceof DomainError) return refused(error.code, error.message);
    throw error;
  }
}

function readInline(value: unknown, objType: unknown, curve: unknown): ReadDescriptor {
  const bytes = typeof value === 'string' ? decodeStrictBase64(value) : undefined;
  if (bytes === undefined || bytes.length === 0) return refused('invalid_request', 'key.inline.value must be base64');
  if (typeof objType !== 'string') return refused('invalid_request', 'key.inline.obj_type must be a string');
  if (curve != null && typeof curve !== 'string')
    return refused('invalid_request', 'key.inline.elliptic_curve must be a string');
  // DSM finds the curve in the key itself. Until import is built, which reads that, the caller names it.
  if (objType === 'EC' && curve == null)
    return refused('not_supported', 'an inline EC key without elliptic_curve is not supported yet');
  const chosen = chooseAlgorithm({ objType, ellipticCurve: curve ?? undefined, paramSet: undefined });
  return chosen.ok
    ? { kind: 'inline', inline: { algorithm: chosen.algorithm, value: bytes } }
    : refused(chosen.code, chosen.reason);
}

function refused(code: DomainErrorCode, reason: string): ReadDescriptor {
  return { kind: 'refused', code, reason };
}

const NOT_ONE = refused('invalid_request', 'key must hold exactly one of kid, name, transient_key, inline');
