import type { SettingValues } from './settings-table.ts';

/** What the settings say of relays, as plain data. */
export type RelayConfig = {
  /** The relay to use where a request names none; null: the embedded one. */
  readonly address: string | null;
  /** Who shows one may make rooms; the first is what we show to another relay. */
  readonly keys: readonly string[];
  readonly roomPrefix: string;
  readonly limits: {
    readonly maxRooms: number;
    readonly maxConnections: number;
    readonly joinTimeoutMs: number;
    readonly roomTimeoutMs: number;
    readonly maxFrameBytes: number;
    readonly maxRoomBytes: number;
    readonly maxBacklogBytes: number;
    readonly maxMemoryBytes: number;
  };
};

export function relayConfigOf(settings: SettingValues): RelayConfig {
  const maxFrameBytes = settings['relay-frame-bytes'];
  const maxRoomBytes = settings['relay-room-bytes'];
  return {
    address: settings.relay ?? null,
    keys: settings['relay-key']?.split(',') ?? [],
    roomPrefix: settings['relay-room-prefix'],
    limits: {
      maxRooms: settings['relay-rooms'],
      maxConnections: settings['relay-connections'],
      joinTimeoutMs: settings['relay-join-seconds'] * 1000,
      roomTimeoutMs: settings['relay-room-seconds'] * 1000,
      maxFrameBytes,
      maxRoomBytes,
      // A late member is sent all that its room kept at once, and what else goes on meanwhile.
      maxBacklogBytes: maxRoomBytes + 4 * maxFrameBytes,
      maxMemoryBytes: settings['relay-memory-bytes'],
    },
  };
}
