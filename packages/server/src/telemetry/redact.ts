/**
 * Makes a value fit for the log. Written against our own mistakes: whatever is handed to the logger, bytes, secrets
 * and credentials don't come out, and neither do endless objects.
 */

/** Members whose value is never shown, compared without case, dashes and underscores. */
const SECRET_MEMBER =
  /authorization|cookie|secret|passphrase|password|passwd|credential|token|apikey|privatekey|rootkey|bootstrapkey|tlskey|databaseurl|seed|mnemonic|^(key|body|value)$/;

/** Credentials inside a text: a header that was quoted in an error, an API key, a URL with a password. */
const CREDENTIAL =
  /\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{4,}|\b[A-Za-z0-9+/_-]{80,}={0,2}|-----BEGIN[^-"]*PRIVATE KEY-----[^-"]*(-----END[^-"]*-----)?/gi;
const URL_PASSWORD = /(:\/\/[^\s/:@"]*:)[^\s/@"]+@/g;

export const REDACTED = '[redacted]';

const MAX_DEPTH = 6;
const MAX_MEMBERS = 64;
const MAX_TEXT = 2000;

/** Blanks what looks like a credential, and shortens. */
export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}... (${text.length} characters)` : text;
  return blankCredentials(short);
}

/** Blanks what looks like a credential. Leaves quotes alone, so that a line of JSON stays one. */
export function blankCredentials(text: string): string {
  return text.replaceAll(CREDENTIAL, REDACTED).replaceAll(URL_PASSWORD, `$1${REDACTED}@`);
}

/** A copy without secrets. Members named in `keep` are passed on as they are, for a serializer to deal with. */
export function redactMembers(object: object, keep: ReadonlySet<string> = new Set()): Record<string, unknown> {
  return members(object, 0, keep);
}

/** What the log shows of an error: its kind, code and text, and those of its causes; a stack of our own frames. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redactValue(error, depth);
  const described: Record<string, unknown> = { type: error.name, message: redactText(error.message) };
  if ('code' in error && typeof error.code === 'string') described['code'] = redactText(error.code);
  // The first lines of a stack repeat the message, which is redacted here and not there.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  if (frames.length > 0) described['stack'] = frames.slice(0, 20).map(redactText).join('\n');
  if (error.cause !== undefined && depth < MAX_DEPTH) described['cause'] = describeError(error.cause, depth + 1);
  return described;
}

function redactValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : redactObject(value, depth);
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    default:
      return undefined;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (depth >= MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) {
    const shown = value.slice(0, MAX_MEMBERS).map((element: unknown) => redactValue(element, depth + 1));
    return value.length > MAX_MEMBERS ? [...shown, `[${value.length - MAX_MEMBERS} more]`] : shown;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return members(value, depth, new Set());
}

function members(object: object, depth: number, keep: ReadonlySet<string>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object).slice(0, MAX_MEMBERS)) {
    if (keep.has(name)) result[name] = value;
    else if (SECRET_MEMBER.test(name.toLowerCase().replaceAll(/[-_]/g, ''))) result[name] = REDACTED;
    else result[redactText(name)] = redactValue(value, depth + 1);
  }
  return result;
}
