/** How much of the machine others used: what makes a figure of a benchmark worthless. */
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

export interface MachineClock {
  /** CPU seconds of the whole machine since the start, time taken by the hypervisor included. */
  readonly busySeconds: () => number;
  /** CPU seconds that there were, all cores together. */
  readonly availableSeconds: () => number;
}

/** Undefined where there is no /proc/stat. */
export function startMachineClock(): MachineClock | undefined {
  const before = readTicks();
  if (before === undefined) return undefined;
  return {
    busySeconds: () => ((readTicks()?.busy ?? before.busy) - before.busy) / TICKS_PER_SECOND,
    availableSeconds: () => ((readTicks()?.all ?? before.all) - before.all) / TICKS_PER_SECOND,
  };
}

/** Share of the machine that went to others while `ownSeconds` of CPU were ours; undefined where it isn't known. */
export function otherLoad(clock: MachineClock | undefined, ownSeconds: number): number | undefined {
  if (clock === undefined) return undefined;
  const available = clock.availableSeconds();
  return available <= 0 ? undefined : Math.max(0, clock.busySeconds() - ownSeconds) / available;
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
function readTicks(): { readonly busy: number; readonly all: number } | undefined {
  try {
    const [first] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
    const ticks = first?.trim().split(/ +/).slice(1, 9).map(Number) ?? [];
    const all = ticks.reduce((sum, value) => sum + value, 0);
    const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
    return { busy: all - idle, all };
  } catch {
    return undefined;
  }
}
