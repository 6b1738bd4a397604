/** The core's threshold operations over the party process and the relay. */
import { DomainError } from '@countersign/core/domain-error';
import { idBytes } from '@countersign/core/ids';
import type { Ceremonies, Meeting, Operation, OperationResult, ShareSlot } from '@countersign/core/ports/ceremonies';
import type { Rooms } from '@countersign/core/ports/rooms';
import type { ThresholdShare } from '@countersign/core/ports/threshold-store';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type PartyOutcome,
  type PartyReply,
  type SealSlot,
  type StoredSecret,
} from '../messages/party-message.ts';
import type { IdentityKeeper, PublicIdentity } from './identity-keeper.ts';
import type { PartyLink } from './party-link.ts';
import type { CeremonyRunner } from './run-ceremony.ts';

export interface ThresholdCeremoniesParts {
  readonly party: PartyLink;
  readonly runner: CeremonyRunner;
  readonly rooms: Rooms;
  readonly identity: IdentityKeeper;
  /** Whether shares leave in clear by backup; a server option, off by default. */
  readonly shareBackup: 'off' | 'plaintext' | 'encrypted';
}

export class ThresholdCeremonies implements Ceremonies {
  readonly #parts: ThresholdCeremoniesParts;

  constructor(parts: ThresholdCeremoniesParts) {
    this.#parts = parts;
  }

  createRoom(size: number): Promise<string> {
    return this.#parts.rooms.create(size);
  }

  async createKey(slot: ShareSlot): Promise<{ readonly sealed: Uint8Array; readonly keygenId: string }> {
    const identity = await this.#parts.identity.sealed();
    return expectReply(await this.#parts.party.ask({ kind: 'create-key', identity, slot: sealSlot(slot) }), 'key');
  }

  async run(
    operation: Operation,
    meeting: Meeting,
    keep: (sealed: Uint8Array) => Promise<void>,
  ): Promise<OperationResult> {
    const end = await this.#parts.runner.run({
      identity: await this.#parts.identity.sealed(),
      rooms: [meeting.room],
      relay: meeting.relay,
      operation: () => partyOperation(operation),
      store: async (stored) => {
        if (stored.kind !== 'sealed') throw new DomainError('internal', 'only signing has nonces');
        await keep(Uint8Array.from(stored.sealed));
      },
    });
    if (!end.ok) throw end.error;
    return resultOf(end.outcome);
  }

  async derivePublicKey(
    share: ThresholdShare,
    path: readonly number[],
    merkleRoot: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    const { facts } = share;
    if (facts === undefined) throw new DomainError('internal', 'a share without facts');
    const { groupKey, chainCode } = facts;
    const reply = await this.#parts.party.ask({
      kind: 'derive-public-key',
      algorithm: partyAlgorithm(share.algorithm),
      groupKey,
      chainCode,
      path,
      merkleRoot,
    });
    return Uint8Array.from(expectReply(reply, 'public-key').publicKey);
  }

  async exportShare(share: ThresholdShare): Promise<{ readonly encrypted: boolean; readonly share: Uint8Array }> {
    const encrypted = this.#backupMode() === 'encrypted';
    const reply = await this.#parts.party.ask({ kind: 'export-share', share: storedSecret(share), encrypted });
    const backup = expectReply(reply, 'backup');
    return { encrypted: backup.encrypted, share: Uint8Array.from(backup.share) };
  }

  async importShare(
    slot: ShareSlot,
    backup: { readonly encrypted: boolean; readonly share: Uint8Array },
  ): ReturnType<Ceremonies['importShare']> {
    if (backup.encrypted !== (this.#backupMode() === 'encrypted'))
      throw new DomainError(
        'forbidden',
        `this server takes ${this.#parts.shareBackup} share backups only (--share-backup)`,
        { subject: 'share-backup' },
      );
    const reply = await this.#parts.party.ask({
      kind: 'import-share',
      identity: await this.#parts.identity.sealed(),
      slot: sealSlot(slot),
      backup: backup.share,
      encrypted: backup.encrypted,
    });
    return expectReply(reply, 'restored');
  }

  identity(): Promise<PublicIdentity> {
    return this.#parts.identity.public();
  }

  #backupMode(): 'plaintext' | 'encrypted' {
    const { shareBackup } = this.#parts;
    if (shareBackup === 'off')
      throw new DomainError('forbidden', 'share backup is off on this server (--share-backup)', {
        subject: 'share-backup',
      });
    return shareBackup;
  }
}

/** Each operation of the core in the words of the party process. */
function partyOperation(operation: Operation): PartyOperation {
  switch (operation.kind) {
    case 'generate': {
      const { share, threshold, othersKeygenIds } = operation;
      return {
        kind: 'generate',
        share: storedSecret(share),
        threshold,
        othersKeygenIds,
      };
    }
    case 'refresh': {
      const { share, into } = operation;
      return {
        kind: 'refresh',
        share: storedSecret(share),
        into: storedSecret(into),
      };
    }
    case 'reshare': {
      const { share, into, keygenIds, oldThreshold, newThreshold } = operation;
      return {
        kind: 'reshare',
        share: share && storedSecret(share),
        into: storedSecret(into),
        keygenIds,
        oldThreshold: oldThreshold ?? 0,
        newThreshold,
      };
    }
    case 'import-deal': {
      const { algorithm, privateKey, keygenIds, threshold, into } = operation;
      return { kind: 'import-deal', algorithm, privateKey, keygenIds, threshold, into: into && storedSecret(into) };
    }
    case 'import-receive': {
      const { share, othersKeygenIds, threshold } = operation;
      return {
        kind: 'import-receive',
        share: storedSecret(share),
        othersKeygenIds,
        threshold,
      };
    }
    case 'export':
      return { kind: 'export', share: storedSecret(operation.share), exportTo: operation.exportTo };
  }
}

/** Copies: the reply's memory is a message's. */
function resultOf(outcome: PartyOutcome): OperationResult {
  switch (outcome.kind) {
    case 'share':
      return {
        kind: 'share',
        sealed: Uint8Array.from(outcome.sealed),
        facts: outcome.facts,
        publicKey: Uint8Array.from(outcome.publicKey),
      };
    case 'private-key':
      return { kind: 'private-key', privateKey: outcome.privateKey };
    case 'nothing':
      return { kind: 'nothing' };
    case 'signatures':
      throw new DomainError('internal', 'signatures are made by the custody');
  }
}

function storedSecret(share: ThresholdShare): StoredSecret {
  return { slot: sealSlot({ ...share, algorithm: partyAlgorithm(share.algorithm) }), sealed: share.sealed };
}

function sealSlot({ id, accountId, algorithm }: ShareSlot): SealSlot {
  return { keyId: idBytes(id), accountId: idBytes(accountId), algorithm };
}

function partyAlgorithm(name: string): (typeof PARTY_ALGORITHMS)[number] {
  const found = PARTY_ALGORITHMS.find((known) => known === name);
  if (found === undefined) throw new DomainError('not_supported', `${name} keys have no threshold protocol`);
  return found;
}

function expectReply<Kind extends PartyReply['kind']>(
  reply: PartyReply | undefined,
  kind: Kind,
): Extract<PartyReply, { kind: Kind }> {
  if (reply?.kind === kind) return reply as Extract<PartyReply, { kind: Kind }>;
  if (reply?.kind === 'refused') throw new DomainError(reply.code, reply.reason);
  throw new DomainError('unavailable', 'the sealed process for threshold keys is away for the moment; try again');
}
