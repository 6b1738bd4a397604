/** Where the parties of an operation meet: `room_uuid`, and `relay_address` where it isn't this server's own relay. */

import type { Meeting } from '@countersign/core/ports/ceremonies';
import type { ParsedItem } from '@countersign/core/signing-item';
import { Type } from 'typebox';
import { refuse } from './refuse.ts';

/** Members of a request that name its meeting. */
export const MEETING_MEMBERS = {
  room_uuid: Type.String(),
  relay_address: Type.Optional(Type.String({ description: 'host or host:port; absent: this server’s own relay' })),
};

/** Room ids are opaque, and end up in paths and logs. */
const ROOM = /^[\w.~-]{1,128}$/;

export function readMeeting(raw: {
  readonly room_uuid?: unknown;
  readonly relay_address?: unknown;
}): ParsedItem<Meeting> {
  const { room_uuid: room, relay_address: relay } = raw;
  if (typeof room !== 'string' || !ROOM.test(room)) return BAD_ROOM;
  if (relay == null) return { ok: true, item: { room, relay: undefined } };
  return typeof relay === 'string' && isHostAddress(relay) ? { ok: true, item: { room, relay } } : BAD_RELAY;
}

const MAX_HOST_CHARACTERS = 253;
const ADDRESS = /^(\[[0-9A-Fa-f:.]{2,45}\]|[^:[\]]+)(?::([0-9]{1,5}))?$/;
const HOST_NAME = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** `host` or `host:port` and nothing else: no scheme, user, path or spaces. Where it may lead is checked on connecting. */
function isHostAddress(text: string): boolean {
  if (text.length > MAX_HOST_CHARACTERS + 6) return false;
  const [, host, port] = ADDRESS.exec(text) ?? [];
  if (host === undefined || host.length > MAX_HOST_CHARACTERS) return false;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 0xffff || port.startsWith('0'))) return false;
  return host.startsWith('[') ? URL.canParse(`http://${host}`) : HOST_NAME.test(host);
}

const BAD_ROOM = refuse('room_uuid must be the room_uuid that create-room answered');
const BAD_RELAY = refuse('relay_address must be host or host:port, without a scheme or path');
