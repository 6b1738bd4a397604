/** Work of one call may hold up everybody else for this long at a stretch. */
const MAX_STRETCH_MS = 20;

/** To be awaited between the parts of a long work: lets others have their turn where it has been going on for a while. */
export function createTurnTaking(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < MAX_STRETCH_MS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        sinceMs = performance.now();
        resolve();
      });
    });
  };
}
