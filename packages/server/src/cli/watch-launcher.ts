/** Ends the service when the launcher that started it is gone, even killed, so that no service is left unattended. */

const WATCH_MS = 500;

/** @param env where the launcher left its process id; without one nothing is watched */
export function watchLauncher(env: NodeJS.ProcessEnv, stop: () => void): void {
  const launcher = Number(env['COUNTERSIGN_LAUNCHER_PID']);
  // Another parent at the start means that the variable was inherited from some other launcher.
  if (process.ppid !== launcher) return;
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    stop();
  }, WATCH_MS);
  timer.unref();
}
