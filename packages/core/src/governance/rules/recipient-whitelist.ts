import type { JsonValue } from '@countersign/chains/chain';
import { isOneLine } from '../../policy/external/one-line.ts';
import type { PolicyRuleKind } from '../policy-rule-kind.ts';
import { exactMembers, memberOf } from './exact-members.ts';
import { storedMember } from './usd-limit.ts';

const MAX_ADDRESSES = 1_000;
const MAX_ADDRESS_CHARACTERS = 256;

/** One set per stored list, however many items are judged by it. */
const sets = new WeakMap<object, ReadonlySet<string>>();

/**
 * Triggers unless everything that is paid, allowed or called is on the list. Configuration: `{addresses}`, 1 to 1,000
 * strings that are compared exactly with the view's canonical text (EVM: lower case), so that a wrong spelling triggers.
 */
export const recipientWhitelist: PolicyRuleKind = {
  kind: 'recipient-whitelist',
  activities: ['sign'],
  readsContent: true,
  parse(configuration) {
    const parsed = exactMembers(configuration, ['addresses']);
    if (!parsed.ok) return parsed;
    const addresses = memberOf(parsed.members, 'addresses');
    if (!isList(addresses) || addresses.length < 1 || addresses.length > MAX_ADDRESSES)
      return { ok: false, reason: `addresses must be a list of 1 to ${MAX_ADDRESSES} strings` };
    const distinct = new Set<string>();
    for (const address of addresses) {
      if (typeof address !== 'string' || address.trim() === '' || address.length > MAX_ADDRESS_CHARACTERS)
        return { ok: false, reason: `an address is a string of 1 to ${MAX_ADDRESS_CHARACTERS} characters` };
      if (!isOneLine(address)) return { ok: false, reason: 'an address is one line without control characters' };
      distinct.add(address);
    }
    return { ok: true, value: { addresses: [...distinct] } };
  },
  judge(configuration, { view }) {
    if (view.kind === 'opaque') return { triggered: true, reason: 'what is signed can not be read' };
    if (!view.complete) return { triggered: true, reason: 'what is signed may reach more than can be read' };
    const allowed = allowedBy(configuration);
    for (const { to } of view.transfers)
      if (!allowed.has(to)) return { triggered: true, reason: 'a recipient is not on the list' };
    for (const { to } of view.calls) {
      if (to === undefined) return { triggered: true, reason: 'a contract would be deployed' };
      if (!allowed.has(to)) return { triggered: true, reason: 'a contract that is called is not on the list' };
    }
    return { triggered: false, reason: 'all recipients are on the list' };
  },
};

function allowedBy(configuration: JsonValue): ReadonlySet<string> {
  if (typeof configuration !== 'object' || configuration === null) return new Set();
  const known = sets.get(configuration);
  if (known !== undefined) return known;
  const addresses = storedMember(configuration, 'addresses');
  const made = new Set(isList(addresses) ? addresses.filter((address) => typeof address === 'string') : []);
  sets.set(configuration, made);
  return made;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
