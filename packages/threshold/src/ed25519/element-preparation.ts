import { lagrangeCoefficient } from '../lagrange-coefficient.ts';
import type { Ed25519Group } from './ed25519-group.ts';
import {
  digestElement,
  type FailedElement,
  type PreparedElement,
  type SignerSet,
  type SigningElement,
} from './signing-element.ts';

/** Identifiers are numbers of 32 bits. */
const MAX_INDEX = 0xffff_fffe;
const PUBLIC_KEY_BYTES = 32;

/** This party can't sign the element, whatever the others say. */
class UnfitElement extends Error {
  override readonly name = 'UnfitElement';
  readonly isOwnFault: boolean;
  constructor(message: string, isOwnFault = false) {
    super(message);
    this.isOwnFault = isOwnFault;
  }
}

/**
 * Checks the elements of a batch and computes what doesn't depend on the other parties. What many elements share (the
 * key, its child, the signers) is computed once per batch.
 */
export class ElementPreparation {
  readonly #group: Ed25519Group;
  readonly #me: number;
  readonly #parties: number;
  readonly #children = new Map<string, Uint8Array>();
  readonly #signerSets = new Map<string, SignerSet>();
  readonly #checkedShares = new Map<Uint8Array, Uint8Array>();

  constructor(group: Ed25519Group, parties: number, me: number) {
    if (!Number.isInteger(me) || me < 0 || me >= parties) throw new RangeError('no such party');
    this.#group = group;
    this.#me = me;
    this.#parties = parties;
  }

  /**
   * The failure of an element that this party can't sign, whatever the others say. What is wrong with its public part
   * all parties see; a share that doesn't belong to it is seen here alone.
   */
  prepare(element: SigningElement): PreparedElement | FailedElement {
    try {
      const signerSet = this.#signerSetOf(element);
      this.#checkShare(element);
      const publicKey = this.#childOf(element);
      const digest = digestElement(this.#group, element, publicKey);
      return { kind: 'prepared', element, publicKey, digest, signerSet };
    } catch (error) {
      if (!(error instanceof UnfitElement)) throw error;
      return { kind: 'failed', culprits: error.isOwnFault ? [this.#me] : [], reason: error.message };
    }
  }

  /** A share that doesn't belong to the key would get this party blamed. */
  #checkShare({ secretShare, signers }: SigningElement): void {
    const publicShare = signers[this.#me]?.publicShare;
    if (publicShare === undefined) throw new UnfitElement('not one signer for each party');
    if (signers.some((signer) => signer.publicShare.length !== PUBLIC_KEY_BYTES)) {
      throw new UnfitElement('a public share has 32 bytes');
    }
    const checked = this.#checkedShares.get(secretShare);
    if (checked !== undefined && Buffer.compare(checked, publicShare) === 0) return;
    if (!this.#group.isScalar(secretShare) || this.#group.isZero(secretShare)) {
      throw new UnfitElement("the secret share isn't one", true);
    }
    const expected = this.#group.encode(this.#group.multiplyBase(secretShare));
    if (Buffer.compare(expected, publicShare) !== 0) {
      throw new UnfitElement("the secret share doesn't belong to the public one", true);
    }
    this.#checkedShares.set(secretShare, expected);
  }

  #childOf({ publicKey, tweak }: SigningElement): Uint8Array {
    const name = `${Buffer.from(publicKey).toString('hex')}/${tweak === undefined ? '' : Buffer.from(tweak).toString('hex')}`;
    const known = this.#children.get(name);
    if (known !== undefined) return known;

    const parent = publicKey.length === PUBLIC_KEY_BYTES ? this.#group.decode(publicKey) : undefined;
    if (parent === undefined) throw new UnfitElement("the public key isn't a point");
    if (tweak !== undefined && !this.#group.isScalar(tweak)) throw new UnfitElement("the tweak isn't a scalar");
    const child = tweak === undefined ? parent : this.#group.add([parent, this.#group.multiplyBasePublic(tweak)]);
    if (this.#group.isIdentity(child)) throw new UnfitElement('the tweak cancels the key');
    const encoded = this.#group.encode(child);
    this.#children.set(name, encoded);
    return encoded;
  }

  #signerSetOf({ signers }: SigningElement): SignerSet {
    const name = signers.map(({ index }) => index).join();
    const known = this.#signerSets.get(name);
    if (known !== undefined) return known;

    if (signers.length !== this.#parties) throw new UnfitElement('not one signer for each party');
    for (const { index } of signers) {
      if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) throw new UnfitElement('no such signer');
    }
    const identifiers = signers.map(({ index }) => index + 1);
    if (new Set(identifiers).size !== identifiers.length) throw new UnfitElement('a signer is named twice');
    const signerSet = {
      identifiers,
      coefficients: identifiers.map((identifier) => lagrangeCoefficient(this.#group, identifiers, identifier)),
      ascending: identifiers.map((_, party) => party).sort((a, b) => (identifiers[a] ?? 0) - (identifiers[b] ?? 0)),
    };
    this.#signerSets.set(name, signerSet);
    return signerSet;
  }
}
