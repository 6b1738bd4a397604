/** The logger of the keeper and the HTTP process: one JSON object per line on stderr. */
import { pino } from 'pino';
import { blankCredentials, describeError, redactMembers, redactText } from './redact.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Which process speaks: `keeper`, `http`. */
  readonly process: string;
  /** For tests. Default: stderr, written at once, so that nothing is lost when the process ends. */
  readonly destination?: pino.DestinationStream;
}

/** What a web framework hands over under these names is described by a serializer, not copied. */
const SERIALIZED = new Set(['err', 'error', 'req', 'res', 'request', 'reply']);

/**
 * @example logger.info({ requestId, items: 250 }, 'batch signed')
 * Members are redacted by name and by content, texts by content, and bytes are never shown.
 */
export function createLogger({ level, process: name, destination }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { process: name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      errorKey: 'error',
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => redactMembers(object, SERIALIZED),
      },
      serializers: {
        err: (value: unknown) => describeError(value),
        error: (value: unknown) => describeError(value),
        req: describeRequest,
        request: describeRequest,
        res: describeReply,
        reply: describeReply,
      },
      hooks: { streamWrite: redactLine },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  redactBindings(logger);
  return logger;
}

const MAX_LINE_CHARACTERS = 65_536;

/** The last look at a finished line, messages included: pino makes some of them itself, from an error's text. */
function redactLine(line: string): string {
  if (line.length <= MAX_LINE_CHARACTERS) return blankCredentials(line);
  const message = `a log line of ${line.length} characters was left out`;
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), message })}\n`;
}

/** pino formats the members of a log line, but not those that a child logger or `setBindings` adds to every line. */
function redactBindings(logger: Logger): void {
  const { child, setBindings } = logger;
  logger.child = function redactingChild(this: Logger, bindings: pino.Bindings, options?: object) {
    return child.call(this, redactMembers(bindings, SERIALIZED), options);
  } as typeof child;
  logger.setBindings = function redactingSetBindings(this: Logger, bindings: pino.Bindings) {
    setBindings.call(this, redactMembers(bindings, SERIALIZED));
  };
}

/** Of a request only what can't carry a credential: no headers, no query, no body. */
function describeRequest(value: unknown): unknown {
  const request = asRecord(value);
  const url = typeof request['url'] === 'string' ? request['url'] : '';
  return {
    id: textOf(request['id']),
    method: textOf(request['method']),
    path: redactText(url.split('?')[0] ?? ''),
    remoteAddress: textOf(request['ip'] ?? request['remoteAddress']),
  };
}

function describeReply(value: unknown): unknown {
  const { statusCode } = asRecord(value);
  return { statusCode: typeof statusCode === 'number' ? statusCode : undefined };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? redactText(value) : undefined;
}
