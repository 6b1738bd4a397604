/**
 * Sign and verify requests, one or a whole batch, to the core's items. By hand and without a schema library: this runs
 * per item, and what doesn't parse keeps its place and gets its own error.
 */
import type { Payload, SigningOptions } from '@countersign/algorithms/algorithm';
import type { DigestName } from '@countersign/algorithms/digests';
import { DomainError, type DomainErrorCode } from '@countersign/core/domain-error';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import type { KeyReference, ParsedItem, SigningItem, VerificationItem } from '@countersign/core/signing-item';
import { DIGEST_WORDS, refuseDigestWord } from './digest-words.ts';
import { createDescriptorReader, type InlineKey, type ReadDescriptor } from './key-descriptor.ts';
import { readMode, type WritableOptions } from './sign-mode.ts';
import { decodeStrictBase64 } from './strict-base64.ts';

interface Refused {
  readonly ok: false;
  readonly code: DomainErrorCode;
  readonly reason: string;
}

/** Members of one request as they came; `null` is absent. Members that we don't know are ignored, as DSM does. */
interface RawItem {
  readonly key?: unknown;
  readonly hash?: unknown;
  readonly data?: unknown;
  readonly hash_alg?: unknown;
  readonly mode?: unknown;
  readonly context?: unknown;
  readonly deterministic_signature?: unknown;
  readonly signature?: unknown;
}

type ParseItem<Item> = (raw: RawItem, key: KeyReference) => ParsedItem<Item>;

/** Items of a sign request, in order. Never rejects because of an item. */
export function parseSignItems(
  services: Services,
  caller: Caller,
  raws: readonly unknown[],
): Promise<readonly ParsedItem<SigningItem>[]> {
  return parseItems(raws, createDescriptorReader(services, caller), parseSignItem, (inline) =>
    openInline(services, caller, inline),
  );
}

/** Items of a verify request, in order. Never rejects because of an item. */
export function parseVerifyItems(
  services: Services,
  caller: Caller,
  raws: readonly unknown[],
): Promise<readonly ParsedItem<VerificationItem>[]> {
  return parseItems(raws, createDescriptorReader(services, caller), parseVerifyItem, () =>
    Promise.resolve(refuse('not_supported', 'verifying with an inline key is not supported yet')),
  );
}

async function parseItems<Item>(
  raws: readonly unknown[],
  readDescriptor: (raw: unknown) => ReadDescriptor,
  parseItem: ParseItem<Item>,
  open: (inline: InlineKey) => Promise<KeyReference | Refused>,
): Promise<readonly ParsedItem<Item>[]> {
  const items = new Array<ParsedItem<Item>>(raws.length);
  const inlined: { readonly place: number; readonly raw: RawItem; readonly inline: InlineKey }[] = [];
  for (let place = 0; place < raws.length; place++) {
    const raw = raws[place];
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      items[place] = NOT_AN_OBJECT;
      continue;
    }
    const item = raw as RawItem;
    const read = readDescriptor(item.key);
    if (read.kind === 'reference') items[place] = parseItem(item, read.reference);
    else if (read.kind === 'refused') items[place] = refuse(read.code, read.reason);
    else inlined.push({ place, raw: item, inline: read.inline });
  }
  if (inlined.length === 0) return items;
  const opened = new Map<InlineKey, KeyReference | Refused>();
  for (const { place, raw, inline } of inlined) {
    const key = opened.get(inline) ?? (await open(inline));
    opened.set(inline, key);
    items[place] = 'ok' in key ? key : parseItem(raw, key);
  }
  return items;
}

async function openInline(services: Services, caller: Caller, inline: InlineKey): Promise<KeyReference | Refused> {
  try {
    const request = { algorithm: inline.algorithm, custody: 'vault' };
    return { by: 'record', record: await services.keys.openInline(caller, request, inline.value) };
  } catch (error) {
    if (error instanceof DomainError) return refuse(error.code, error.message);
    throw error;
  }
}

function parseSignItem(raw: RawItem, key: KeyReference): ParsedItem<SigningItem> {
  const options = readOptions(raw);
  if ('ok' in options) return options;
  const payload = readPayload(raw, options);
  return 'ok' in payload ? payload : { ok: true, item: { key, payload, options } };
}

function parseVerifyItem(raw: RawItem, key: KeyReference): ParsedItem<VerificationItem> {
  const options = readOptions(raw);
  if ('ok' in options) return options;
  const payload = readPayload(raw, options);
  if ('ok' in payload) return payload;
  const signature =
    typeof raw.signature === 'string' ? decodeStrictBase64(raw.signature, Buffer.allocUnsafe) : undefined;
  return signature === undefined ? BAD_SIGNATURE : { ok: true, item: { key, payload, options, signature } };
}

const NO_OPTIONS: SigningOptions = {};
const DETERMINISTIC: SigningOptions = { deterministic: true };
const RANDOMISED: SigningOptions = { deterministic: false };

function readOptions(raw: RawItem): SigningOptions | Refused {
  const { mode, context, deterministic_signature: deterministic } = raw;
  if (deterministic != null && typeof deterministic !== 'boolean') return BAD_DETERMINISTIC;
  if (mode == null && context == null) {
    // Nearly every item; three shared objects serve them all.
    return deterministic == null ? NO_OPTIONS : deterministic ? DETERMINISTIC : RANDOMISED;
  }
  const options: WritableOptions = {};
  if (deterministic != null) options.deterministic = deterministic;
  if (mode != null) {
    const refusal = readMode(mode, options);
    if (refusal !== undefined) return refuse(refusal.code, refusal.reason);
  }
  if (context != null) {
    const bytes = typeof context === 'string' ? decodeStrictBase64(context) : undefined;
    if (bytes === undefined) return BAD_CONTEXT;
    options.context = bytes;
  }
  return options;
}

/** Bytes of mu (FIPS 204, section 6.2). */
const MU_BYTES = 64;

/** Payloads share memory: small arrays with memory of their own cost the collector three times as much. */
function readPayload(raw: RawItem, options: SigningOptions): Payload | Refused {
  const { hash, data, hash_alg: word } = raw;
  let digest: DigestName | undefined;
  // A client that leaves hash_alg empty sends "" for it.
  if (word != null && word !== '') {
    digest = typeof word === 'string' ? DIGEST_WORDS.get(word) : undefined;
    if (digest === undefined) {
      const { supported, reason } = refuseDigestWord('hash_alg', word);
      return refuse(supported ? 'invalid_request' : 'not_supported', reason);
    }
  }
  if ((hash == null) === (data == null)) return NOT_ONE_PAYLOAD;
  const text = hash ?? data;
  const bytes = typeof text === 'string' ? decodeStrictBase64(text, Buffer.allocUnsafe) : undefined;
  if (bytes === undefined) return hash == null ? BAD_DATA : BAD_HASH;
  if (options.variant === 'external-mu') {
    // No source says which member carries mu: `hash` is meant, `data` is read where it can be nothing else.
    return bytes.length === MU_BYTES ? { kind: 'digest', bytes, digest: undefined } : BAD_MU;
  }
  return { kind: hash == null ? 'message' : 'digest', bytes, digest };
}

function refuse(code: DomainErrorCode, reason: string): Refused {
  return { ok: false, code, reason };
}

const NOT_AN_OBJECT = refuse('invalid_request', 'a request must be a JSON object');
const NOT_ONE_PAYLOAD = refuse('invalid_request', 'give exactly one of hash and data');
const BAD_HASH = refuse('invalid_request', 'hash must be standard base64 with padding');
const BAD_DATA = refuse('invalid_request', 'data must be standard base64 with padding');
const BAD_MU = refuse('invalid_request', 'EXTERNAL_MU takes the 64 bytes of mu in hash');
const BAD_CONTEXT = refuse('invalid_request', 'context must be standard base64 with padding');
const BAD_SIGNATURE = refuse('invalid_request', 'signature must be standard base64 with padding');
const BAD_DETERMINISTIC = refuse('invalid_request', 'deterministic_signature must be true or false');
