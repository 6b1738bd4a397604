import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { watchLauncher } from './watch-launcher.ts';

describe('watch over the launcher', () => {
  it('leaves a service alone whose launcher lives, or that was started without one', async () => {
    const stop = vi.fn();
    watchLauncher({ COUNTERSIGN_LAUNCHER_PID: String(process.ppid) }, stop);
    watchLauncher({}, stop);
    watchLauncher({ COUNTERSIGN_LAUNCHER_PID: '1x' }, stop);
    watchLauncher({ COUNTERSIGN_LAUNCHER_PID: String(process.pid) }, stop);
    await sleep(700);
    expect(stop).not.toHaveBeenCalled();
  });

  it('stops it once when the parent changes', async () => {
    const parent = process.ppid;
    const ppid = vi.spyOn(process, 'ppid', 'get').mockReturnValue(parent);
    const stop = vi.fn();
    watchLauncher({ COUNTERSIGN_LAUNCHER_PID: String(parent) }, stop);
    ppid.mockReturnValue(1);
    await sleep(1300);
    expect(stop).toHaveBeenCalledTimes(1);
    ppid.mockRestore();
  });
});
