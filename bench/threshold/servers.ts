/** A relay and servers as processes of their own, and what their processes have used. */
import { type FamilyMember, processFamily } from '../../scripts/demo/process-family.ts';
import { type ServiceProcess, startRelay, startService } from '../../scripts/demo/service-process.ts';
import { createParty, type Party } from '../../scripts/demo/threshold-parties.ts';
import { createVertexClient, type VertexClient } from '../../scripts/demo/vertex-client.ts';
import { startMachineClock } from '../service/machine-load.ts';
import { cpuSecondsByRole, difference, total, type UsageByRole } from '../service/process-usage.ts';

export interface ThresholdServers {
  readonly parties: readonly Party[];
  readonly meter: () => UsageMeter;
  readonly logTail: () => string;
  /** Takes all down. @returns whether all went cleanly */
  readonly stop: () => Promise<boolean>;
}

export interface Usage {
  /** CPU seconds by role, the relay's apart from the servers'. */
  readonly byRole: UsageByRole;
  /** The load generator's. */
  readonly clientSeconds: number;
  /** Share of the machine that went to others. */
  readonly otherLoad: number | undefined;
}

/** Adds up what is used during some operations, and not between them. */
export interface UsageMeter {
  /** @returns how long it took, in milliseconds */
  readonly during: (operation: () => Promise<unknown>) => Promise<number>;
  readonly total: () => Usage;
}

/** @throws Error with the end of a log when one doesn't come up */
export async function startServers(count: number): Promise<ThresholdServers> {
  const relay = await startRelay();
  const servers: ServiceProcess[] = [];
  const clients: VertexClient[] = [];
  const stop = async (): Promise<boolean> => {
    for (const client of clients) client.close();
    const reports = await Promise.all([...servers.map((server) => server.stop()), relay.stop()]);
    return reports.every(({ clean }) => clean);
  };
  try {
    const parties: Party[] = [];
    // One after another: nine servers that start at once take turns on few cores until the first gives up.
    for (let index = 0; index < count; index++) {
      const server = await startService(['--signers', '1', '--relay', relay.address], {
        COUNTERSIGN_RELAY_KEY: relay.relayKey,
      });
      servers.push(server);
      const client = createVertexClient(server.host, server.port, server.apiKey);
      clients.push(client);
      parties.push(await createParty(String.fromCharCode(65 + index), client));
    }
    const relayFamily = processFamily(relay.pid).map(({ pid }): FamilyMember => ({ pid, role: 'relay' }));
    return {
      parties,
      meter: () => usageMeter([...servers.flatMap(({ pid }) => processFamily(pid)), ...relayFamily]),
      logTail: () => servers.map((server) => server.logTail()).join('\n'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function usageMeter(family: readonly FamilyMember[]): UsageMeter {
  const byRole = new Map<string, number>();
  let clientSeconds = 0;
  let otherSeconds = 0;
  let availableSeconds = 0;
  return {
    during: async (operation) => {
      const before = cpuSecondsByRole(family);
      const clientBefore = process.cpuUsage();
      const machine = startMachineClock();
      const startMs = performance.now();
      await operation();
      const tookMs = performance.now() - startMs;
      const { user, system } = process.cpuUsage(clientBefore);
      const used = difference(cpuSecondsByRole(family), before);
      for (const [role, seconds] of used) byRole.set(role, (byRole.get(role) ?? 0) + seconds);
      clientSeconds += (user + system) / 1e6;
      if (machine !== undefined) {
        // May be negative for one short operation, since the kernel counts in hundredths of a second.
        otherSeconds += machine.busySeconds() - total(used) - (user + system) / 1e6;
        availableSeconds += machine.availableSeconds();
      }
      return tookMs;
    },
    total: () => ({
      byRole,
      clientSeconds,
      otherLoad: availableSeconds > 0 ? Math.max(0, otherSeconds) / availableSeconds : undefined,
    }),
  };
}
