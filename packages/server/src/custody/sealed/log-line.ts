/**
 * One line of JSON on stderr, which the keeper's own log receives. Callers pass closed words and numbers, never
 * bytes, names or texts that came in a message.
 */
export function logLine(event: string, fields: Readonly<Record<string, string | number>> = {}): void {
  process.stderr.write(`${JSON.stringify({ level: 'warn', time: Date.now(), pid: process.pid, event, ...fields })}\n`);
}

/** Where an error was thrown and what kind it is, without its message: a library may have quoted its input there. */
export function describeError(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, at: frames.slice(0, 8).join(' |').replaceAll(/\s+/g, ' ') };
}
