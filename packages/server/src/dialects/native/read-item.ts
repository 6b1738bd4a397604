/**
 * Signing items of our own API, one or thousands, to the core's. One that doesn't parse keeps its place and gets its own
 * error.
 */
import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import { DIGEST_NAMES, type DigestName } from '@countersign/algorithms/digests';
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '@countersign/core/domain-error';
import type { RequestContent } from '@countersign/core/requests/signature-request';
import type { KeyReference, ParsedItem } from '@countersign/core/signing-item';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { readMemberId } from '../prefixed-id.ts';
import { readDerivationPath } from '../written-path.ts';
import { readBase64 } from './base64.ts';
import type { SigningItemSchema } from './item-schemas.ts';

type WireItem = Omit<Static<typeof SigningItemSchema>, 'ceremony'>;

/** Checks the items one by one, so that a bad one is the only one that fails. */
export function createItemReader<Schema extends TSchema, Item>(
  schema: Schema,
  read: (item: Static<Schema>) => Item,
): (raw: unknown) => ParsedItem<Item> {
  const validator = Compile(schema);
  return (raw) => {
    if (!validator.Check(raw)) {
      const [error] = validator.Errors(raw);
      const path = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
      const where = /^[\w.]{1,60}$/.test(path) ? path : 'the item';
      return { ok: false, code: 'invalid_request', reason: `${where} ${error?.message ?? 'is not valid'}` };
    }
    try {
      return { ok: true, item: read(raw as Static<Schema>) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { ok: false, code: error.code, reason: error.message };
    }
  };
}

/** @throws DomainError `invalid_request` unless exactly one is given */
export function readKeyReference({ keyId, keyName }: Pick<WireItem, 'keyId' | 'keyName'>): KeyReference {
  if ((keyId === undefined) === (keyName === undefined))
    throw new DomainError('invalid_request', 'an item names its key by keyId or by keyName');
  return keyId === undefined
    ? { by: 'name', name: keyName ?? '' }
    : { by: 'id', id: readMemberId('key', 'keyId', keyId) };
}

/** @throws DomainError `invalid_request` */
export function readContent(item: WireItem): RequestContent {
  const options = readOptions(item.options ?? {});
  const given = [item.digest, item.message, item.payload].filter((member) => member !== undefined);
  if (given.length !== 1)
    throw new DomainError('invalid_request', 'an item has a digest, a message or a payload, and only one of them');
  const { payload } = item;
  if (payload === undefined) return { kind: 'plain', payload: readPlain(item), options };
  if (item.hash !== undefined) throw new DomainError('invalid_request', 'hash is for digests and messages');
  const { chain, format, network, content } = payload;
  return { kind: 'chain', payload: { chain, format, network, content: content as JsonValue }, options };
}

/** @throws DomainError `invalid_request` */
export function readPlain({ digest, message, hash }: Pick<WireItem, 'digest' | 'message' | 'hash'>): Payload {
  const name = hash === undefined ? undefined : readDigestName(hash);
  return digest === undefined
    ? { kind: 'message', bytes: readBase64('message', message ?? ''), digest: name }
    : { kind: 'digest', bytes: readBase64('digest', digest), digest: name };
}

export function readOptions(options: NonNullable<WireItem['options']>): SigningOptions {
  const { mgf1Digest, context, merkleRoot, derivationPath, domain, ...plain } = options;
  return {
    ...plain,
    ...(mgf1Digest !== undefined && { mgf1Digest: readDigestName(mgf1Digest) }),
    ...(context !== undefined && { context: readBase64('options.context', context) }),
    ...(merkleRoot !== undefined && { merkleRoot: readBase64('options.merkleRoot', merkleRoot) }),
    ...(derivationPath !== undefined && { derivationPath: readDerivationPath(derivationPath) }),
    ...(domain !== undefined && { domain: readBase64('options.domain', domain) }),
  } as SigningOptions;
}

function readDigestName(text: string): DigestName {
  const name = (DIGEST_NAMES as readonly string[]).find((known) => known === text);
  if (name === undefined) throw new DomainError('invalid_request', `a hash is one of ${DIGEST_NAMES.join(', ')}`);
  return name as DigestName;
}
