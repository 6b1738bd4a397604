const MAX_LINES_PER_SECOND = 20;
let second = 0;
let lines = 0;
let suppressed = 0;

/**
 * One line of JSON on stderr, which the keeper's own log receives. Callers pass closed words and numbers, never
 * bytes, names or texts that came in a message. At most twenty lines a second, so that a peer can't fill a disk with
 * refusals; the next line says how many were left out.
 */
export function logLine(event: string, fields: Readonly<Record<string, string | number>> = {}): void {
  const time = Date.now();
  if (Math.floor(time / 1000) !== second) {
    second = Math.floor(time / 1000);
    lines = 0;
  }
  if (++lines > MAX_LINES_PER_SECOND) {
    suppressed++;
    return;
  }
  const left = suppressed === 0 ? {} : { suppressed };
  suppressed = 0;
  process.stderr.write(`${JSON.stringify({ level: 'warn', time, pid: process.pid, event, ...left, ...fields })}\n`);
}

/** Where an error was thrown and what kind it is, without its message: a library may have quoted its input there. */
export function describeError(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, at: frames.slice(0, 8).join(' |').replaceAll(/\s+/g, ' ') };
}
