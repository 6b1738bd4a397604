import type { JsonValue } from '@countersign/chains/chain';

type Members = { readonly [member: string]: JsonValue };

export type ParsedMembers =
  | { readonly ok: true; readonly members: Members }
  | { readonly ok: false; readonly reason: string };

/**
 * The members of a rule's configuration, where it is an object with no others than these; each may still be absent. A
 * member that we don't know is refused: whoever wrote it expects something of it.
 */
export function exactMembers(configuration: JsonValue, names: readonly string[]): ParsedMembers {
  if (!isObject(configuration)) return { ok: false, reason: 'the configuration must be an object' };
  for (const name of Object.keys(configuration))
    if (!names.includes(name))
      return {
        ok: false,
        reason: `the configuration has an unknown member; it can have ${names.length === 0 ? 'none' : names.join(', ')}`,
      };
  return { ok: true, members: configuration };
}

/** Own members alone: `__proto__` and the like are no configuration. */
export function memberOf(members: Members, name: string): JsonValue | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function isObject(value: JsonValue): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
