/**
 * JSON text that keeps bytes, big integers and members that are `undefined`. They become objects with the one member
 * `$b` (base64), `$i` (decimal) or `$u`. What callers sent is among the values: a name of theirs that begins with `$`
 * gets one more, so that it never reads as one of ours.
 */
export function toJsonText(value: unknown): string {
  return JSON.stringify(encode(value));
}

/** The value that `toJsonText` was given; for text of our own tables alone. */
export function fromJsonText(text: string): unknown {
  return decode(JSON.parse(text));
}

const UNDEFINED = { $u: 0 };

function encode(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return UNDEFINED;
    case 'bigint':
      return { $i: value.toString() };
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array)
        return { $b: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
      if (Array.isArray(value)) return value.map(encode);
      return mapMembers(value, (name) => (name.startsWith('$') ? `$${name}` : name), encode);
    default:
      return value;
  }
}

function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  if ('$b' in value) return Buffer.from(String(value.$b), 'base64');
  if ('$i' in value) return BigInt(String(value.$i));
  if ('$u' in value) return undefined;
  return mapMembers(value, (name) => (name.startsWith('$$') ? name.slice(1) : name), decode);
}

/** `fromEntries`, and no assignment: a member that is called `__proto__` stays a member. */
function mapMembers(
  value: object,
  rename: (name: string) => string,
  convert: (member: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), convert(member)]));
}
