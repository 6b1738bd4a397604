/** CPU time and memory of a service's processes, from /proc. */
import { readFileSync } from 'node:fs';
import { type FamilyMember, statFields } from '../../scripts/demo/process-family.ts';

/** By role; processes of one role are summed. */
export type UsageByRole = ReadonlyMap<string, number>;

/** USER_HZ, which Linux fixes at 100 for everything that it shows in /proc. */
const TICKS_PER_SECOND = 100;
/** Only compared with itself, so that other page sizes do no harm. */
const PAGE_BYTES = 4096;
const UTIME = 11;
const STIME = 12;

/** CPU seconds since each process started, user and system, all threads. */
export function cpuSecondsByRole(family: readonly FamilyMember[]): UsageByRole {
  return sumByRole(family, (pid) => {
    const fields = statFields(pid);
    return fields === undefined ? 0 : (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
  });
}

/** Proportional set size in bytes: pages that processes share are counted once in the sum. */
export function memoryByRole(family: readonly FamilyMember[]): {
  readonly byRole: UsageByRole;
  readonly isProportional: boolean;
} {
  let isProportional = true;
  const byRole = sumByRole(family, (pid) => {
    const pss = kilobytes(`/proc/${pid}/smaps_rollup`, /^Pss: +([0-9]+) kB/m);
    if (pss !== undefined) return pss * 1024;
    // The sealed processes aren't dumpable, so that only root may read their map. RSS counts shared pages repeatedly.
    isProportional = false;
    return (kilobytes(`/proc/${pid}/status`, /^VmRSS:\s+([0-9]+) kB/m) ?? 0) * 1024;
  });
  return { byRole, isProportional };
}

/** Resident set size of all processes, pages that they share counted repeatedly; cheap to read. */
export function residentBytes(family: readonly FamilyMember[]): number {
  let pages = 0;
  for (const { pid } of family) pages += Number(readText(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0);
  return pages * PAGE_BYTES;
}

export function total(usage: UsageByRole): number {
  let sum = 0;
  for (const value of usage.values()) sum += value;
  return sum;
}

/** Usage between two readings; a process that was replaced in between counts from its start. */
export function difference(after: UsageByRole, before: UsageByRole): UsageByRole {
  return new Map([...after].map(([role, value]) => [role, Math.max(0, value - (before.get(role) ?? 0))]));
}

function sumByRole(family: readonly FamilyMember[], read: (pid: number) => number): UsageByRole {
  const sums = new Map<string, number>();
  for (const { pid, role } of family) sums.set(role, (sums.get(role) ?? 0) + read(pid));
  return sums;
}

function kilobytes(path: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(readText(path) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
