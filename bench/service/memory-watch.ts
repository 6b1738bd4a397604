import { memoryByRole, total, type UsageByRole } from './process-usage.ts';

const INTERVAL_MS = 250;

export interface MemoryPeak {
  readonly bytes: number;
  /** At the moment of the peak. */
  readonly byRole: UsageByRole;
  /** False where the system lets nobody but root read PSS: the figure is then RSS, which is larger. */
  readonly isProportional: boolean;
}

/** Looks at the memory of all processes of a service four times a second and remembers the most. */
export function watchMemory(rootPid: number): { readonly stop: () => MemoryPeak } {
  let peak = look();
  const timer = setInterval(() => {
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
    const { byRole, isProportional } = memoryByRole(rootPid);
    return { bytes: total(byRole), byRole, isProportional };
  }
}
