/** Operations under way in this process, each with its exchange; they end with it. */

import type { Output } from '@countersign/threshold/exchange/exchange-output';
import type { IdentitySecret } from '@countersign/threshold/exchange/identity';
import type { Keep } from '@countersign/threshold/protocol';
import type { PartyOperation, PartyOutcome, PartyReply, PartyRequest } from '../../messages/party-message.ts';
import { describeError, logLine } from '../log-line.ts';
import { openExport } from './operations/export.ts';
import { openGenerate } from './operations/generate.ts';
import { openImportDeal, openImportReceive } from './operations/import.ts';
import { openRefresh } from './operations/refresh.ts';
import { openReshare } from './operations/reshare.ts';
import { openSign } from './operations/sign.ts';
import { OperationRefused, type PartyContext, type PartySession, type Schemes } from './party-context.ts';

/**
 * Each holds its frames, and pieces of locked memory: with the guards around them some ten of the 65,530 mappings that
 * Linux gives a process, which ends where they do.
 */
const MAX_SESSIONS = 1024;

export interface PartySessionsParts {
  readonly rootKey: Buffer;
  readonly schemes: Schemes;
  /** @throws OperationRefused */
  readonly identity: (sealed: Uint8Array) => IdentitySecret;
  readonly allowFullExport: boolean;
}

type Openers = {
  readonly [Kind in PartyOperation['kind']]: (
    context: PartyContext,
    operation: Extract<PartyOperation, { kind: Kind }>,
  ) => PartySession;
};

/** What this process can take part in. Adding an operation: its file, its message, and one line. */
const OPENERS: Openers = {
  generate: openGenerate,
  sign: openSign,
  refresh: openRefresh,
  reshare: openReshare,
  'import-deal': openImportDeal,
  'import-receive': openImportReceive,
  export: openExport,
};

export class PartySessions {
  readonly #parts: PartySessionsParts;
  readonly #sessions = new Map<number, PartySession>();

  constructor(parts: PartySessionsParts) {
    this.#parts = parts;
  }

  open(request: Extract<PartyRequest, { kind: 'open' }>): PartyReply {
    const { operation, session, room, size } = request;
    if (this.#sessions.has(session)) throw new OperationRefused('invalid_request', 'the session is open already');
    if (this.#sessions.size >= MAX_SESSIONS)
      throw new OperationRefused('unavailable', 'too many threshold operations are under way; try again');
    if (operation.kind === 'export' && !this.#parts.allowFullExport)
      throw new OperationRefused('forbidden', 'full export is off on this server (--allow-full-export)');
    const { rootKey, schemes } = this.#parts;
    const context: PartyContext = { rootKey, schemes, identity: this.#parts.identity(request.identity), room, size };
    const opened = openOperation(context, operation);
    try {
      const reply = replyOf(opened, opened.exchange.start());
      this.#sessions.set(session, opened);
      return reply;
    } catch (error) {
      // Nobody would close what was never answered for.
      opened.free();
      throw error;
    }
  }

  deliver(session: number, frames: readonly { readonly slot: number; readonly frame: Uint8Array }[]): PartyReply {
    const replies = frames.map(({ slot, frame }) =>
      this.#advance(session, (running) => running.exchange.receive(slot, frame)),
    );
    const last = replies.at(-1);
    if (last === undefined) throw new OperationRefused('invalid_request', 'no frames');
    return {
      ...last,
      send: replies.flatMap(({ send }) => send),
      // At most one of them asks, since the protocol then waits for the answer.
      keep: replies.find(({ keep }) => keep !== undefined)?.keep,
    };
  }

  kept(session: number): PartyReply {
    return this.#advance(session, (running) => running.exchange.kept());
  }

  timeOut(session: number): PartyReply {
    return this.#advance(session, (running) => running.exchange.timeOut());
  }

  /** Tells the others, where the operation isn't at its end. Nothing of it is left afterwards. */
  close(session: number): PartyReply {
    const running = this.#sessions.get(session);
    if (running === undefined) return { kind: 'closed' };
    this.#sessions.delete(session);
    try {
      const { send, status } = running.exchange.abandon('the server gave the operation up');
      wipeKey(status);
      // How it ended was said before, with all that came of it.
      return { kind: 'session', send, keep: undefined, progress: { kind: 'waiting' } };
    } finally {
      running.free();
    }
  }

  closeAll(): void {
    for (const session of [...this.#sessions.keys()]) this.close(session);
  }

  #advance(
    session: number,
    step: (running: PartySession) => Output<PartyOutcome>,
  ): Extract<PartyReply, { kind: 'session' }> {
    const running = this.#sessions.get(session);
    if (running === undefined) throw new OperationRefused('unavailable', 'the operation is no longer under way');
    return replyOf(running, step(running));
  }
}

/** An export's result is the one that isn't public, sealed or a signature. */
function wipeKey(status: Output<PartyOutcome>['status']): void {
  if (typeof status === 'object' && 'done' in status && status.done.kind === 'private-key')
    status.done.privateKey.fill(0);
}

function openOperation(context: PartyContext, operation: PartyOperation): PartySession {
  // The kind chooses the entry whose parameter it is; TypeScript can't follow that through the record.
  const open = OPENERS[operation.kind] as (context: PartyContext, operation: PartyOperation) => PartySession;
  return open(context, operation);
}

function replyOf(running: PartySession, output: Output<PartyOutcome>): Extract<PartyReply, { kind: 'session' }> {
  const { send, keep, status } = output;
  return { kind: 'session', send, keep: keep && sealKeep(running, keep), progress: progressOf(status) };
}

function sealKeep(running: PartySession, keep: Keep): Extract<PartyReply, { kind: 'session' }>['keep'] {
  if (keep.kind === 'nonces') return { kind: 'nonces', hashes: keep.hashes };
  return { kind: 'sealed', sealed: running.seal(keep) };
}

function progressOf(status: Output<PartyOutcome>['status']): Extract<PartyReply, { kind: 'session' }>['progress'] {
  if (status === 'waiting') return { kind: 'waiting' };
  if ('done' in status) return { kind: 'done', outcome: status.done };
  const { cause, reason, error } = status.aborted;
  if (cause === 'internal') logLine('ceremony-fault', describeError(error));
  return { kind: 'aborted', reason };
}
