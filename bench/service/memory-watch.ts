import { processFamily } from '../../scripts/demo/process-family.ts';
import { memoryByRole, residentBytes, total, type UsageByRole } from './process-usage.ts';

const INTERVAL_MS = 200;
/** A larger growth of RSS than this share makes a look at PSS worth its cost. */
const NOTABLE_GROWTH = 0.01;

export interface MemoryPeak {
  readonly bytes: number;
  /** At the moment of the peak. */
  readonly byRole: UsageByRole;
  /** False where the system lets nobody but root read PSS: the figure is then RSS, which is larger. */
  readonly isProportional: boolean;
}

/**
 * Looks at the memory of all processes of a service five times a second and remembers the most. PSS takes the kernel
 * milliseconds to count, on the cores that are being measured: it is read only when the cheap RSS has grown, and
 * once at the end.
 */
export function watchMemory(rootPid: number): { readonly stop: () => MemoryPeak } {
  const family = processFamily(rootPid);
  let mostResident = residentBytes(family);
  let peak = look();
  const timer = setInterval(() => {
    const resident = residentBytes(family);
    if (resident <= mostResident * (1 + NOTABLE_GROWTH)) return;
    mostResident = resident;
    const now = look();
    if (now.bytes > peak.bytes) peak = now;
  }, INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      const now = look();
      return now.bytes > peak.bytes ? now : peak;
    },
  };

  function look(): MemoryPeak {
    const { byRole, isProportional } = memoryByRole(family);
    return { bytes: total(byRole), byRole, isProportional };
  }
}
