import { createHash } from 'node:crypto';
import type { Ed25519Group } from './ed25519-group.ts';

/** A signer of one element, as the key knows it. */
export interface ElementSigner {
  /** Position among the holders of the key, from 0; its FROST identifier is one more. */
  readonly index: number;
  /** 32 bytes. */
  readonly publicShare: Uint8Array;
}

/** One message to sign with one key. */
export interface SigningElement {
  /** A scalar in secret memory, the caller's: read until the protocol is finished or abandoned. */
  readonly secretShare: Uint8Array;
  /** In the order of the parties; indexes need not ascend. */
  readonly signers: readonly ElementSigner[];
  /** The group's, 32 bytes, without the tweak. */
  readonly publicKey: Uint8Array;
  /** Added to the key before signing; a scalar, from a path. Undefined for none. */
  readonly tweak: Uint8Array | undefined;
  readonly message: Uint8Array;
  /** Goes into the nonces only: room and hash of the hellos. */
  readonly extraInput: Uint8Array;
}

export type SigningOutcome =
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  /** `culprits` are positions in the order of the parties; empty where it can't be told who is to blame. */
  | { readonly kind: 'failed'; readonly culprits: readonly number[]; readonly reason: string };

export type FailedElement = Extract<SigningOutcome, { readonly kind: 'failed' }>;

/** An element with everything that can be computed before the first message, checked. */
export interface PreparedElement {
  readonly kind: 'prepared';
  readonly element: SigningElement;
  /** The tweaked one: what the signature is valid under. */
  readonly publicKey: Uint8Array;
  /** 32 bytes; differs between parties that were asked to sign different things. */
  readonly digest: Uint8Array;
  readonly signerSet: SignerSet;
}

/** Signers of an element, as many elements share them. */
export interface SignerSet {
  /** Of each party. */
  readonly identifiers: readonly number[];
  /** Of each party. */
  readonly coefficients: readonly Uint8Array[];
  /** Positions of the parties, ascending by identifier. */
  readonly ascending: readonly number[];
}

const DIGEST_TAG = createHash('sha256').update('countersign/ed25519/signing-element/v1').digest();

/** SHA-256 over everything about the element that all its signers must agree on. */
export function digestElement(group: Ed25519Group, element: SigningElement, publicKey: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(DIGEST_TAG).update(publicKey).update(element.publicKey);
  for (const { index, publicShare } of element.signers) hash.update(group.scalarOf(index + 1)).update(publicShare);
  return hash.update(element.message).digest();
}
