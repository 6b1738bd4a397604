/** What a relay counts, in Prometheus' text format. Read when asked for; nothing is counted twice. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { RelayStats } from './relay-server.ts';

export interface RelayMetrics {
  readonly contentType: string;
  render(): Promise<string>;
}

/** @param process the text also says what the process uses; not where the service's own metrics already do */
export function createRelayMetrics(
  stats: () => RelayStats,
  { process: withProcess = false }: { readonly process?: boolean } = {},
): RelayMetrics {
  const registry = new Registry();
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const counterByReason = (name: string, help: string, read: () => Readonly<Record<string, number>>): void => {
    new Counter({
      name,
      help,
      labelNames: ['reason'] as const,
      registers: [registry],
      collect() {
        this.reset();
        for (const [reason, count] of Object.entries(read())) this.inc({ reason }, count);
      },
    });
  };
  gauge('countersign_relay_connections', 'Open connections.', () => stats().connections);
  gauge('countersign_relay_sessions', 'Places that are taken in rooms.', () => stats().sessions);
  gauge('countersign_relay_rooms', 'Rooms that exist.', () => stats().rooms);
  gauge('countersign_relay_active_rooms', 'Rooms with a member.', () => stats().activeRooms);
  gauge(
    'countersign_relay_held_bytes',
    'Kept for late joiners, for slow readers, or arriving.',
    () => stats().heldBytes,
  );
  counter('countersign_relay_rooms_created_total', 'Rooms made.', () => stats().created);
  counter('countersign_relay_frames_total', 'Frames taken in.', () => stats().frames);
  counter('countersign_relay_frame_bytes_total', 'Bytes of these frames.', () => stats().frameBytes);
  counterByReason(
    'countersign_relay_rooms_ended_total',
    'Rooms that ended before all had left; with limit and memory, members sent out.',
    () => stats().ended,
  );
  counterByReason(
    'countersign_relay_connections_ended_total',
    'Connections that ended.',
    () => stats().connectionsEnded,
  );
  if (withProcess) {
    gauge('countersign_relay_process_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
    gauge('countersign_relay_process_cpu_seconds', 'Processor time since the start.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }
  return { contentType: registry.contentType, render: () => registry.metrics() };
}
