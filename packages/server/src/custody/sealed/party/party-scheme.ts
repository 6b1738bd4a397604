/**
 * What an algorithm is to a party process: its protocols behind one shape, so that operations don't know which one they
 * run. Adding an algorithm is a file in `schemes/` and a line in `load-schemes.ts`.
 */
import type { PrimeOrderGroup } from '@countersign/threshold/group';
import type { Step } from '@countersign/threshold/protocol';
import type { PARTY_ALGORITHMS } from '../../messages/party-message.ts';

/** The parties of a key generation, in the order that all of them use. */
export interface KeygenParties {
  readonly threshold: number;
  readonly parties: readonly {
    readonly identityKey: Uint8Array;
    readonly perKeyPublic: Uint8Array;
    /** Whether `signature` is this party's. */
    readonly verify: (signature: Uint8Array, tag: string, message: Uint8Array) => boolean;
  }[];
  /** This party's position. */
  readonly me: number;
  readonly sign: (tag: string, message: Uint8Array) => Uint8Array;
  /** 32 bytes; read where they lie. */
  readonly perKeySecret: Uint8Array;
  /** Binds the session: hash of everything that was agreed on beforehand. */
  readonly session: Uint8Array;
}

/** A share that a protocol made, with what all parties agree on. `scalar` is locked memory, freed by `free`. */
export interface MadeShare {
  readonly scalar: Uint8Array;
  readonly groupKey: Uint8Array;
  readonly chainCode: Uint8Array;
  /** By index. */
  readonly publicShares: readonly Uint8Array[];
  /** What convinces another party that the protocol ended, and gives it its own share. */
  readonly evidence: Uint8Array;
  free(): void;
}

export interface SigningItem {
  readonly scalar: Uint8Array;
  readonly groupKey: Uint8Array;
  readonly chainCode: Uint8Array;
  /** In the order of the room's parties. */
  readonly signers: readonly { readonly index: number; readonly publicShare: Uint8Array }[];
  readonly threshold: number;
  readonly partyCount: number;
  readonly path: readonly number[];
  readonly merkleRoot: Uint8Array | undefined;
  readonly message: Uint8Array;
  /** Goes into the nonces: room and hash of the hellos. */
  readonly extraInput: Uint8Array;
}

export type SigningOutcome =
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | { readonly kind: 'failed'; readonly culprits: readonly number[]; readonly reason: string };

export interface PartyScheme {
  readonly algorithm: (typeof PARTY_ALGORITHMS)[number];
  /** Protocol and revision, stored with every key. */
  readonly specification: string;
  readonly group: PrimeOrderGroup;
  /** Of 32 secret bytes; undefined where they are no secret key (draw again). */
  perKeyPublic(secret: Uint8Array): Uint8Array | undefined;
  /** The algorithm's raw form of a group key. */
  publicKeyOf(groupKey: Uint8Array): Uint8Array;
  /** @throws RangeError for a path that leads nowhere */
  derivePublicKey(
    groupKey: Uint8Array,
    chainCode: Uint8Array,
    path: readonly number[],
    merkleRoot: Uint8Array | undefined,
  ): Uint8Array;
  generate(parties: KeygenParties): Step<MadeShare>;
  /** From what was kept before the last round, and another party's evidence. @throws MalformedBytes where they don't fit */
  recover(parties: KeygenParties, resume: Uint8Array, evidence: Uint8Array): MadeShare;
  /** @param me this party's position among the room's parties */
  signBatch(items: readonly SigningItem[], parties: number, me: number): Step<readonly SigningOutcome[]>;
}
