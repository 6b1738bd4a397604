/**
 * The HTTP process's side of the channels: the keeper makes a socket pair for each sealed process, and sends one end
 * over Node's IPC channel, again for every replacement.
 */
import { Socket } from 'node:net';
import { SEALED_ROLES, type SealedRole } from './frames.ts';

/** Comes with the socket as its handle. */
export interface ChannelMessage {
  readonly type: 'channel';
  readonly role: SealedRole;
  /** Which of the role's processes, from 0. */
  readonly index: number;
  /** Grows with every replacement; the newest one is alive, older ones are gone or going. */
  readonly incarnation: number;
}

/**
 * Takes over the socket. Nothing that the sealed process wrote is lost before listeners are attached; the socket
 * ends when the sealed process does.
 */
export type AttachChannel = (role: SealedRole, index: number, incarnation: number, socket: Socket) => void;

/** The part of `process` that is needed here. */
export interface MessageSource {
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
}

/** Calls `attach` for every channel that arrives from now on. Returns the function that stops it. */
export function receiveChannels(source: MessageSource, attach: AttachChannel): () => void {
  const listener = (message: unknown, handle: unknown): void => {
    if (!isChannelMessage(message)) return;
    // No handle: the sealed process died before its end arrived; its replacement follows.
    if (!(handle instanceof Socket)) return;
    attach(message.role, message.index, message.incarnation, handle);
  };
  source.on('message', listener);
  return () => source.off('message', listener);
}

function isChannelMessage(message: unknown): message is ChannelMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { type, role, index, incarnation } = message as Partial<Record<keyof ChannelMessage, unknown>>;
  return (
    type === 'channel' &&
    SEALED_ROLES.some((known) => known === role) &&
    Number.isSafeInteger(index) &&
    Number.isSafeInteger(incarnation)
  );
}
