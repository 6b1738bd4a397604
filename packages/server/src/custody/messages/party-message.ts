/**
 * What the HTTP process and a party process say to each other, in the encoding of `threshold/codec`. A request is a
 * frame with its number, a reply carries the same number; sessions live in the party process between requests.
 *
 * Whatever comes from the HTTP process is hostile to the party process: it believes a share only as far as it is sealed.
 */
import {
  bool,
  bytes,
  type Decoded,
  fixed,
  list,
  optional,
  struct,
  text,
  u16,
  u32,
  variants,
  word,
} from '@countersign/threshold/codec';

export const MAX_PARTIES = 20;
export const MAX_ELEMENTS = 4096;
const MAX_SEALED_BYTES = 256 * 1024;
const MAX_FRAME_BYTES = 8 * 1024 * 1024;
const MAX_KEYGEN_ID_CHARACTERS = 1024;
const MAX_ROOM_CHARACTERS = 128;
const MAX_REASON_BYTES = 2048;

export const PARTY_ALGORITHMS = ['bip340', 'ed25519'] as const;

const algorithm = word(PARTY_ALGORITHMS);
const keygenIds = list(text(MAX_KEYGEN_ID_CHARACTERS), MAX_PARTIES);
const path = list(u32, 16);

/** Which row a secret is sealed for. */
const slot = struct({ keyId: fixed(16), accountId: fixed(16), algorithm });
export type SealSlot = Decoded<typeof slot>;

/** A share as it is stored: the slot that it claims to be for, and the sealed secret. */
const share = struct({ slot, sealed: bytes(MAX_SEALED_BYTES) });
export type StoredSecret = Decoded<typeof share>;

const element = struct({
  /** The room that names this element to the other parties. */
  room: text(MAX_ROOM_CHARACTERS),
  /** Index into `shares`; undefined where policy refused the element, which the others are told. */
  share: optional(u16),
  path,
  merkleRoot: optional(bytes(32)),
  message: bytes(64 * 1024),
});
export type SigningElement = Decoded<typeof element>;

const operation = variants({
  generate: struct({ share, threshold: u16, othersKeygenIds: keygenIds }),
  sign: struct({ algorithm, shares: list(share, MAX_ELEMENTS), elements: list(element, MAX_ELEMENTS) }),
  refresh: struct({ share, into: share }),
  reshare: struct({
    /** Undefined for a party that joins. */
    share: optional(share),
    into: share,
    keygenIds,
    oldThreshold: u16,
    newThreshold: u16,
  }),
  'import-deal': struct({
    algorithm,
    privateKey: bytes(32),
    keygenIds,
    threshold: u16,
    /** The row for a share of its own; undefined for a dealer that keeps none. */
    into: optional(share),
  }),
  'import-receive': struct({ share, othersKeygenIds: keygenIds, threshold: u16 }),
  export: struct({ share, exportTo: text(MAX_KEYGEN_ID_CHARACTERS) }),
});
export type PartyOperation = Decoded<typeof operation>;

const incoming = struct({ slot: u16, frame: bytes(MAX_FRAME_BYTES) });

export const partyRequest = variants({
  'create-identity': struct({}),
  'sign-question': struct({ identity: bytes(4096), signingInput: bytes(256 * 1024) }),
  'create-key': struct({ identity: bytes(4096), slot }),
  'derive-public-key': struct({
    algorithm,
    groupKey: bytes(33),
    chainCode: fixed(32),
    path,
    merkleRoot: optional(bytes(32)),
  }),
  'export-share': struct({ share, encrypted: bool }),
  'import-share': struct({ identity: bytes(4096), slot, backup: bytes(MAX_SEALED_BYTES), encrypted: bool }),
  open: struct({
    session: u32,
    identity: bytes(4096),
    /** The carrier room, and how many parties it has room for. */
    room: text(MAX_ROOM_CHARACTERS),
    size: u16,
    operation,
  }),
  deliver: struct({ session: u32, frames: list(incoming, 256) }),
  /** What the last answer asked to have stored is stored. */
  kept: struct({ session: u32 }),
  'time-out': struct({ session: u32 }),
  close: struct({ session: u32 }),
});
export type PartyRequest = Decoded<typeof partyRequest>;

const party = struct({
  identity: fixed(32),
  channelKey: fixed(32),
  perKeyPublic: bytes(33),
  index: u16,
  publicShare: bytes(33),
});

/** As `ThresholdFacts` in the core. */
export const thresholdFacts = struct({
  threshold: u16,
  parties: list(party, MAX_PARTIES),
  index: u16,
  groupKey: bytes(33),
  chainCode: fixed(32),
  epoch: u32,
  origin: word(['generated', 'imported']),
  specification: text(200),
  parametersHash: fixed(32),
  publicEvidence: bytes(64 * 1024),
});

const elementResult = variants({
  signed: struct({ signature: fixed(64) }),
  /** `mayExist`: this party's partial signature for the element has left. */
  failed: struct({ reason: text(MAX_REASON_BYTES), mayExist: bool }),
});
export type ElementResult = Decoded<typeof elementResult>;

const outcome = variants({
  signatures: struct({ elements: list(elementResult, MAX_ELEMENTS) }),
  share: struct({ sealed: bytes(MAX_SEALED_BYTES), facts: thresholdFacts, publicKey: bytes(33) }),
  'private-key': struct({ privateKey: bytes(32) }),
  nothing: struct({}),
});
export type PartyOutcome = Decoded<typeof outcome>;

const keep = variants({
  nonces: struct({ hashes: list(fixed(32), 2 * MAX_ELEMENTS) }),
  sealed: struct({ sealed: bytes(MAX_SEALED_BYTES) }),
});

const progress = variants({
  waiting: struct({}),
  done: struct({ outcome }),
  aborted: struct({ reason: text(MAX_REASON_BYTES) }),
});

export const partyReply = variants({
  /** Frames for the relay, in order; what to store before saying `kept`; and where the operation stands. */
  session: struct({ send: list(bytes(MAX_FRAME_BYTES), 256), keep: optional(keep), progress }),
  identity: struct({
    sealed: bytes(4096),
    persistentKeygenId: text(MAX_KEYGEN_ID_CHARACTERS),
    questionKey: bytes(200),
  }),
  signature: struct({ signature: fixed(64) }),
  key: struct({ sealed: bytes(MAX_SEALED_BYTES), keygenId: text(MAX_KEYGEN_ID_CHARACTERS) }),
  'public-key': struct({ publicKey: bytes(33) }),
  backup: struct({ encrypted: bool, share: bytes(MAX_SEALED_BYTES) }),
  restored: struct({
    sealed: bytes(MAX_SEALED_BYTES),
    facts: thresholdFacts,
    keygenId: text(MAX_KEYGEN_ID_CHARACTERS),
    publicKey: bytes(33),
  }),
  closed: struct({}),
  /** The request doesn't fit or isn't allowed; the text is for the caller. */
  refused: struct({
    reason: text(MAX_REASON_BYTES),
    code: word(['invalid_request', 'conflict', 'forbidden', 'unavailable', 'internal', 'not_supported']),
  }),
});
export type PartyReply = Decoded<typeof partyReply>;
export type SessionReply = Extract<PartyReply, { kind: 'session' }>;
