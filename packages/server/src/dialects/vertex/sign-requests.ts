/**
 * Sign requests, one or a whole batch, through the core and back. Elements are read by hand and without a schema
 * library: this runs per element, and what doesn't parse keeps its place and gets its own error.
 */
import type { SigningOptions } from '@countersign/algorithms/algorithm';
import { DomainError } from '@countersign/core/domain-error';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import type { KeyReference, ParsedItem, SigningItem, SigningResult } from '@countersign/core/signing-item';
import type { Derivation } from '@countersign/core/threshold/threshold-keys';
import { findShare } from './find-share.ts';
import { readHex } from './hex.ts';
import { readDerivation } from './read-derivation.ts';
import { readKey } from './read-key.ts';
import { readMeeting } from './read-meeting.ts';
import { refuse } from './refuse.ts';
import type { VertexScheme } from './scheme.ts';
import { type WireError, wireError } from './vertex-error.ts';

/** What became of one element. */
export type SignAnswer = { readonly signature: Uint8Array } | { readonly error: WireError };

const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_EXTRA_DATA_BYTES = 16 * 1024;

type RawElement = Readonly<Record<string, unknown>>;

/**
 * Signs every element that can be signed; answers come in the order of the elements.
 * @throws DomainError where the request as a whole is at fault: rooms that don't fit together, or relays
 */
export async function signRequests(
  services: Services,
  caller: Caller,
  scheme: VertexScheme,
  raws: readonly unknown[],
): Promise<readonly SignAnswer[]> {
  const parsed = parseElements(scheme, raws);
  const unusable = await findUnusable(services, caller, scheme, parsed);
  const faults = parsed.map((element) => (element.ok ? unusable.get(nameOf(element.item.key)) : undefined));
  const items = parsed.map((element, place) => {
    const fault = faults[place];
    return fault === undefined ? element : refuse(fault.errMsg);
  });
  const results = await services.signBatch(caller, items);
  return results.map((result, place) => answerOf(result, faults[place]));
}

/** All elements with one list of rooms. */
function parseElements(scheme: VertexScheme, raws: readonly unknown[]): readonly ParsedItem<SigningItem>[] {
  const meetings = raws.map((raw) => (isElement(raw) ? readMeeting(raw) : NOT_AN_OBJECT));
  const known = meetings.flatMap((meeting) => (meeting.ok ? [meeting.item] : []));
  if (new Set(known.map(({ relay }) => relay)).size > 1)
    throw new DomainError(
      'invalid_request',
      'all elements of a batch meet at one relay; give all the same relay_address',
    );
  const shared = sharedRoom(known.map(({ room }) => room));
  const rooms: string[] = [];
  const positions = meetings.map((meeting) => {
    if (meeting.ok) return rooms.push(meeting.item.room) - 1;
    // Where all meet in one room, they belong together by their order: one without a room keeps its place in it.
    if (shared !== undefined) rooms.push(shared);
    return -1;
  });
  return raws.map((raw, place) => {
    const meeting = meetings[place] ?? NOT_AN_OBJECT;
    return meeting.ok
      ? parseElement(scheme, raw as RawElement, { ...meeting.item, rooms, position: positions[place] ?? -1 })
      : meeting;
  });
}

/**
 * The room of all elements, or undefined where each has its own.
 * @throws DomainError `invalid_request` for a mixture: then it couldn't be told which elements belong together
 */
function sharedRoom(rooms: readonly string[]): string | undefined {
  const distinct = new Set(rooms).size;
  if (distinct > 1 && distinct < rooms.length)
    throw new DomainError(
      'invalid_request',
      'either all elements of a batch name the same room_uuid, or each one another; these are mixed',
    );
  return distinct === 1 && rooms.length > 1 ? rooms[0] : undefined;
}

function isElement(raw: unknown): raw is RawElement {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function parseElement(
  scheme: VertexScheme,
  raw: RawElement,
  ceremony: NonNullable<SigningItem['ceremony']>,
): ParsedItem<SigningItem> {
  const key = readKey(raw);
  if (!key.ok) return key;
  const message = readHex('msg', raw['msg'], MAX_MESSAGE_BYTES);
  if (!message.ok) return message;
  const derivation = readDerivation(scheme, raw);
  if (!derivation.ok) return derivation;
  const extra = raw['extra_data'];
  const context = extra == null ? undefined : readHex('extra_data', extra, MAX_EXTRA_DATA_BYTES);
  if (context?.ok === false) return context;
  return {
    ok: true,
    item: {
      key: key.item,
      payload: { kind: 'message', bytes: message.item, digest: undefined },
      options: optionsOf(derivation.item),
      ceremony,
      ...(context !== undefined && { context: context.item }),
    },
  };
}

const NO_OPTIONS: SigningOptions = {};

function optionsOf({ path, merkleRoot }: Derivation): SigningOptions {
  if (path.length === 0 && merkleRoot === undefined) return NO_OPTIONS;
  return { ...(path.length > 0 && { derivationPath: path }), ...(merkleRoot !== undefined && { merkleRoot }) };
}

/** Keys of the request that can't sign under this path: unknown here, or not generated yet. Each is looked up once. */
async function findUnusable(
  services: Services,
  caller: Caller,
  scheme: VertexScheme,
  parsed: readonly ParsedItem<SigningItem>[],
): Promise<ReadonlyMap<string, WireError>> {
  const keys = new Map(parsed.flatMap((element) => (element.ok ? [[nameOf(element.item.key), element.item.key]] : [])));
  const unusable = new Map<string, WireError>();
  await Promise.all(
    [...keys].map(async ([name, key]) => {
      const error = await refuseKey(services, caller, scheme, key);
      if (error !== undefined) unusable.set(name, error);
    }),
  );
  return unusable;
}

async function refuseKey(
  services: Services,
  caller: Caller,
  scheme: VertexScheme,
  key: KeyReference,
): Promise<WireError | undefined> {
  try {
    const { status } = await findShare(services, caller, scheme, key);
    return status === 'created' || status === 'uncertain' ? BEFORE_KEYGEN[status] : undefined;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'not_found')
      return wireError(error.code, error.message, error.subject);
    throw error;
  }
}

const beforeKeygen = (message: string): WireError => wireError('conflict', message, 'key-not-generated');
const BEFORE_KEYGEN = {
  created: beforeKeygen('the key was created but not generated; call keygen first'),
  uncertain: beforeKeygen('key generation is not through; call keygen again with the same parties'),
};

/** Names and ids don't mix: an id has no colon. */
function nameOf(key: KeyReference): string {
  if (key.by === 'record') throw new DomainError('internal', 'a key that is not stored');
  return key.by === 'id' ? key.id : `:${key.name}`;
}

function answerOf(result: SigningResult, fault: WireError | undefined): SignAnswer {
  if (fault !== undefined) return { error: fault };
  switch (result.outcome) {
    case 'signed':
      return { signature: result.signature };
    case 'pending':
      return { error: wireError('approval_required', 'this signature needs an approval first') };
    case 'denied':
    case 'failed':
      return { error: wireError(result.code, result.reason) };
  }
}

const NOT_AN_OBJECT = refuse('a sign request must be a JSON object');
