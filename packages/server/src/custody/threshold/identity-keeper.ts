/** This server's identity towards other parties: made once by the party process, stored sealed, read once. */
import { createHash, createPublicKey } from 'node:crypto';
import { DomainError } from '@countersign/core/domain-error';
import type { ThresholdStore } from '@countersign/core/ports/threshold-store';
import { bytes, decode, encode, struct, text } from '@countersign/threshold/codec';
import type { PartyLink } from './party-link.ts';

/** What is public of an identity, as the store keeps it beside the sealed half. */
const publicBundle = struct({ persistentKeygenId: text(1024), questionKey: bytes(200) });

export interface PublicIdentity {
  readonly persistentKeygenId: string;
  readonly questionKeyPem: string;
  /** Lower-case hex, SHA-256 of the SubjectPublicKeyInfo. */
  readonly fingerprint: string;
}

interface Identity extends PublicIdentity {
  readonly sealed: Uint8Array;
}

export class IdentityKeeper {
  readonly #store: ThresholdStore;
  readonly #party: PartyLink;
  #identity: Promise<Identity> | undefined;

  constructor(store: ThresholdStore, party: PartyLink) {
    this.#store = store;
    this.#party = party;
  }

  /** @throws DomainError `unavailable` while it can't be made or read */
  async sealed(): Promise<Uint8Array> {
    return (await this.#load()).sealed;
  }

  async public(): Promise<PublicIdentity> {
    return this.#load();
  }

  /** ES256 signature (64 bytes, r || s) over a question to a rule server. @throws DomainError `unavailable` */
  async signQuestion(signingInput: string): Promise<Uint8Array> {
    const reply = await this.#party.ask({
      kind: 'sign-question',
      identity: await this.sealed(),
      signingInput: Buffer.from(signingInput, 'latin1'),
    });
    if (reply?.kind === 'signature') return reply.signature;
    if (reply?.kind === 'refused') throw new DomainError(reply.code, reply.reason);
    throw new DomainError('unavailable', 'the question to the rule server could not be signed; try again');
  }

  #load(): Promise<Identity> {
    // A failure isn't kept: the next caller tries again.
    this.#identity ??= this.#open().catch((error: unknown) => {
      this.#identity = undefined;
      throw error;
    });
    return this.#identity;
  }

  async #open(): Promise<Identity> {
    const stored = (await this.#store.identity()) ?? (await this.#make());
    const { persistentKeygenId, questionKey } = decode(publicBundle, stored.publicBundle);
    return {
      sealed: stored.sealed,
      persistentKeygenId,
      questionKeyPem: createPublicKey({ key: Buffer.from(questionKey), format: 'der', type: 'spki' })
        .export({ format: 'pem', type: 'spki' })
        .toString(),
      fingerprint: createHash('sha256').update(questionKey).digest('hex'),
    };
  }

  async #make(): Promise<{ readonly sealed: Uint8Array; readonly publicBundle: Uint8Array }> {
    const reply = await this.#party.ask({ kind: 'create-identity' });
    if (reply?.kind !== 'identity')
      throw new DomainError('unavailable', "this server's identity could not be made; try again");
    const { sealed, persistentKeygenId, questionKey } = reply;
    return this.#store.installIdentity({
      sealed,
      publicBundle: encode(publicBundle, { persistentKeygenId, questionKey }),
    });
  }
}
