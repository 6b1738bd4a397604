/** The HTTP process's view of the keeper. `http-main.ts` uses this; the keeper itself doesn't. */
import { type AttachChannel, receiveChannels } from '../custody/channel-receiver.ts';
import type { SealedRole } from '../custody/frames.ts';
import {
  type ConfigMessage,
  isConfigMessage,
  isDrainMessage,
  type Json,
  type ReadyMessage,
  type WantMessage,
} from './keeper-messages.ts';

export interface KeeperLink {
  /** Rejects when this process wasn't started by a keeper, or the keeper goes before it has spoken. */
  readonly config: Promise<ConfigMessage>;
  /** `firstStart` is for the command line: what an operator needs once. */
  ready(address: string, firstStart?: Json): void;
  /** Asks for the processes of a role that is started on demand; asking again changes nothing. */
  want(role: SealedRole): void;
}

export interface KeeperLinkHandlers {
  readonly attach: AttachChannel;
  /**
   * Stop accepting, finish, and resolve; the process then exits 0. Called once: when the keeper says so, or when it is
   * gone. A drain that takes longer than the keeper's limit ends with exit code 1.
   */
  readonly drain: () => Promise<void>;
}

const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

/**
 * Joins the keeper that started this process. Signals are the keeper's business: a terminal sends Ctrl-C to every
 * process, and this one would otherwise end before it has drained.
 */
export function joinKeeper(handlers: KeeperLinkHandlers): KeeperLink {
  let drainTimeoutMs = DEFAULT_DRAIN_TIMEOUT_MS;
  let isDraining = false;
  const config = Promise.withResolvers<ConfigMessage>();

  const drain = (): void => {
    if (isDraining) return;
    isDraining = true;
    config.reject(new Error('stopped before the configuration came'));
    setTimeout(() => process.exit(1), drainTimeoutMs).unref();
    handlers.drain().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  receiveChannels(process, handlers.attach);
  process.on('message', (message: unknown) => {
    if (isConfigMessage(message)) {
      ({ drainTimeoutMs } = message);
      config.resolve(message);
    } else if (isDrainMessage(message)) drain();
  });
  // The keeper died: nobody would replace a signer or stop this process any more.
  process.on('disconnect', drain);
  // Nobody may be waiting for it when a drain comes first.
  config.promise.catch(() => undefined);
  if (process.send === undefined) config.reject(new Error('the HTTP process is started by the keeper only'));

  return {
    config: config.promise,
    want(role) {
      const message: WantMessage = { type: 'want', role };
      process.send?.(message);
    },
    ready(address, firstStart) {
      const message: ReadyMessage = { type: 'ready', address, ...(firstStart === undefined ? {} : { firstStart }) };
      process.send?.(message);
    },
  };
}
