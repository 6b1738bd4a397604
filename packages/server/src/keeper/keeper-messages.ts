/** What keeper and HTTP process say to each other over Node's IPC channel (besides `ChannelMessage`). */

import { SEALED_ROLES, type SealedRole } from '../custody/frames.ts';

/** Plain data: what survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Always the first message. */
export interface ConfigMessage {
  readonly type: 'config';
  /** As the command line made it; the keeper doesn't look inside. */
  readonly config: Json;
  /** From the database's record; also what a backup is recognised by. */
  readonly installationId: string;
  readonly databasePath: string;
  /** 32 bytes in base64, from `serviceKey`: what the HTTP process encrypts its own secrets with. */
  readonly serviceKey: string;
  /** How long a drain may take before the keeper kills. */
  readonly drainTimeoutMs: number;
}

/** Stop accepting, finish what was accepted, exit 0. */
export interface DrainMessage {
  readonly type: 'drain';
}

/** Work has come up for a role whose processes are started only then. */
export interface WantMessage {
  readonly type: 'want';
  readonly role: SealedRole;
}

/** The HTTP process listens. */
export interface ReadyMessage {
  readonly type: 'ready';
  /** Such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** What the command line tells at the first start; the keeper doesn't look inside. */
  readonly firstStart?: Json;
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return hasType(message, 'ready') && 'address' in message && typeof message.address === 'string';
}

export function isWantMessage(message: unknown): message is WantMessage {
  return hasType(message, 'want') && 'role' in message && SEALED_ROLES.some((role) => role === message.role);
}

export function isConfigMessage(message: unknown): message is ConfigMessage {
  return hasType(message, 'config') && 'config' in message;
}

export function isDrainMessage(message: unknown): message is DrainMessage {
  return hasType(message, 'drain');
}

function hasType(message: unknown, type: string): message is { readonly type: string } {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
