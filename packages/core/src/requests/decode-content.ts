/**
 * From a request's content to what will be signed and what it means. Only this file can make a `DecodedContent`, so that a
 * view can't be paired with other bytes, nor with another key, than it was made from.
 */
import type { Payload, PreparedPayload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { AssembledPayload, Chain, JsonValue, RawSignature, SignablePart } from '@countersign/chains/chain';
import { OPAQUE_VIEW, type View } from '@countersign/chains/view';
import { DomainError, type DomainErrorCode } from '../domain-error.ts';
import type { KeyId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import { DETERMINISM_FIXED, preparePayload, refuseDigest, settleOptions } from '../prepare-payload.ts';
import { MAX_DEPTH } from './canonical-bytes.ts';
import { rawSignature, signsRecoverably } from './raw-signature.ts';
import type { RequestContent, RequestSignature } from './signature-request.ts';

/** One part of decoded content, as the payload of a signing item. */
export interface ContentPart {
  readonly kind: 'content';
  readonly content: DecodedContent;
  /** Index among its parts. */
  readonly part: number;
}

/** One thing to sign, and how. */
export interface DecodedPart {
  readonly payload: Payload;
  /** With the key's and the service's defaults. */
  readonly options: SigningOptions;
  readonly prepared: PreparedPayload;
}

export type ContentDecoding =
  | { readonly ok: true; readonly content: DecodedContent }
  | { readonly ok: false; readonly code: DomainErrorCode; readonly reason: string };

/** The shape of the registry of chains. */
export type LoadChain = (name: string) => Promise<Chain | undefined>;

/** What the signatures make of the payload; undefined where one of them isn't a signature of the key's algorithm. */
export type AssembledContent = Pick<AssembledPayload, 'signedData' | 'details'> & {
  readonly signatures: readonly RequestSignature[];
};

interface Made {
  readonly key: KeyRecord;
  readonly view: View;
  readonly parts: readonly DecodedPart[];
  readonly assemble: (signatures: readonly RawSignature[]) => AssembledPayload;
}

export class DecodedContent {
  readonly view: View;
  /** At least one. */
  readonly parts: readonly DecodedPart[];
  readonly keyId: KeyId;
  readonly #publicKey: Uint8Array;
  readonly #algorithm: string;
  readonly #assemble: Made['assemble'];

  /** @internal Only this file holds the token. */
  constructor(token: symbol, { key, view, parts, assemble }: Made) {
    if (token !== decodeToken) throw new DomainError('internal', 'content is decoded by decode-content alone');
    this.keyId = key.id;
    this.view = view;
    this.parts = parts;
    this.#publicKey = key.publicKey;
    this.#algorithm = key.algorithm;
    this.#assemble = assemble;
    Object.freeze(this);
    Object.freeze(parts);
  }

  /**
   * A part, for the key that the content was decoded for; undefined for every other key and for a part that isn't there.
   * @throws DomainError `internal` for a value that this file didn't make
   */
  static partFor(content: DecodedContent, key: KeyRecord, part: number): DecodedPart | undefined {
    if (typeof content !== 'object' || content === null || !(#publicKey in content))
      throw new DomainError('internal', 'signing content that was not decoded');
    const isSameKey =
      content.keyId === key.id &&
      content.#algorithm === key.algorithm &&
      Buffer.compare(content.#publicKey, key.publicKey) === 0;
    return isSameKey ? content.parts[part] : undefined;
  }

  /**
   * The payload with its signatures, which are side by side with the parts and in the algorithm's own form. Undefined where
   * one of them isn't a signature, or the chain can't use it.
   */
  assemble(signatures: readonly Uint8Array[]): AssembledContent | undefined {
    const raw: RawSignature[] = [];
    for (const signature of signatures) {
      const each = rawSignature(this.#algorithm, signature);
      if (each === undefined) return undefined;
      raw.push(each);
    }
    if (raw.length !== this.parts.length) return undefined;
    let assembled: AssembledPayload;
    try {
      assembled = this.#assemble(raw);
    } catch {
      return undefined;
    }
    const { encoded, signedData, details } = assembled;
    return {
      signatures: raw.map((each, index) => ({ ...each, encoded: encoded[index] })),
      signedData,
      ...(details === undefined ? {} : { details }),
    };
  }
}

const decodeToken = Symbol('decode');

/** Decodes content for a key. Fails closed: what the chain doesn't take is an error for the caller. Never throws. */
export async function decodeContent(
  content: RequestContent,
  key: KeyRecord,
  loadChain: LoadChain,
): Promise<ContentDecoding> {
  if (content.kind === 'plain') return decodePlain(content, key);
  const { payload, options } = content;
  const refused = refuseChainOptions(options);
  if (refused !== undefined) return invalid(refused);
  if (exceedsDepth(payload.content, MAX_DEPTH - 2)) return invalid('the payload is nested too deep');
  const chain = await loadChain(payload.chain);
  if (chain === undefined)
    return { ok: false, code: 'not_supported', reason: `chain ${payload.chain} is not supported` };
  let decoding: ReturnType<Chain['decode']>;
  try {
    decoding = chain.decode(payload, key);
  } catch (cause) {
    throw new DomainError('internal', `chain ${chain.name} broke off`, { cause });
  }
  if (!decoding.ok) return invalid(decoding.reason);
  const { view, parts, assemble } = decoding.value;
  if (parts.length === 0) return invalid('there is nothing to sign with this key');
  return prepared({
    key,
    view,
    inputs: parts.map((part) => ({ payload: payloadOf(part, key), options: optionsOf(part, options) })),
    assemble,
  });
}

/** As `decodeContent`, for content that no chain has to read: bytes without a meaning that we know. */
export function decodePlain(content: RequestContent & { readonly kind: 'plain' }, key: KeyRecord): ContentDecoding {
  const refused = refuseDigest(key, content.payload);
  if (refused?.ok === false) return refused;
  return prepared({
    key,
    view: OPAQUE_VIEW,
    inputs: [{ payload: content.payload, options: content.options }],
    assemble: (signatures) => ({ encoded: signatures.map(() => undefined), signedData: undefined }),
  });
}

function prepared(
  decoded: Omit<Made, 'parts'> & { readonly inputs: readonly Omit<DecodedPart, 'prepared'>[] },
): ContentDecoding {
  const { key, view, inputs, assemble } = decoded;
  const parts: DecodedPart[] = [];
  for (const { payload, options: given } of inputs) {
    const settled = settleOptions(key, given);
    if (settled === undefined) return invalid(DETERMINISM_FIXED);
    const options = signsRecoverably(key.algorithm) ? { ...settled, recoverable: true } : settled;
    const preparation = preparePayload(key, payload, options);
    if (!preparation.ok) return preparation;
    parts.push(Object.freeze({ payload, options, prepared: preparation.prepared }));
  }
  return { ok: true, content: new DecodedContent(decodeToken, { key, view, parts, assemble }) };
}

/** What would change the key, or the bytes, after the chain has read them. */
function refuseChainOptions(options: SigningOptions): string | undefined {
  const { deterministic: _, recoverable: __, ...others } = options;
  const given = Object.entries(others).find(([, value]) => value !== undefined);
  if (given === undefined) return undefined;
  return given[0] === 'derivationPath'
    ? 'a payload of a chain is signed with the key itself: make the child a key of its own, and name that'
    : `the option ${given[0]} has no place beside a payload of a chain`;
}

/** ECDSA wants the digest's name for its nonce (RFC 6979), not for the signature: all chains' digests have 32 bytes. */
function payloadOf({ kind, bytes }: SignablePart, key: KeyRecord): Payload {
  const digest = kind === 'digest' && key.algorithm.startsWith('ecdsa-') ? 'sha-256' : undefined;
  return { kind, bytes, digest };
}

function optionsOf({ merkleRoot }: SignablePart, options: SigningOptions): SigningOptions {
  return merkleRoot === undefined ? options : { ...options, merkleRoot };
}

function exceedsDepth(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member: JsonValue) => exceedsDepth(member, depth - 1));
}

function invalid(reason: string): ContentDecoding {
  return { ok: false, code: 'invalid_request', reason };
}
