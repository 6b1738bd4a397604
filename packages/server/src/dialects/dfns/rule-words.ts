/**
 * Rules of policies on this wire and in the domain. Adding one is an entry. The configuration's values are checked by the
 * domain's rule; here only its shape changes.
 */
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '@countersign/core/domain-error';
import type { PolicyRule } from '@countersign/core/governance/governing-policy';

type Configuration = Readonly<Record<string, JsonValue>>;

interface RuleWords {
  /** Of the domain's rule. */
  readonly kind: string;
  readonly read: (configuration: Configuration) => JsonValue;
  readonly write: (configuration: Configuration) => JsonValue;
}

/** Lookups that only an outside service can do: a rule server that the account has registered answers them. */
const SCREENING: RuleWords = {
  kind: 'screening',
  read: (configuration) => {
    const { ruleServer, ...others } = configuration;
    if (typeof ruleServer !== 'string' || Object.keys(others).length > 0)
      throw new DomainError(
        'not_supported',
        'screening is done by a rule server here: register one, and give configuration {"ruleServer": "<its name>"}',
      );
    return { ruleName: ruleServer };
  },
  write: ({ ruleName = '' }) => ({ ruleServer: ruleName }),
};

const RULES: Readonly<Record<string, RuleWords>> = {
  AlwaysTrigger: {
    kind: 'always',
    read: (configuration) => members(configuration, []),
    write: () => ({}),
  },
  TransactionRecipientWhitelist: {
    kind: 'recipient-whitelist',
    read: (configuration) => members(configuration, ['addresses']),
    write: ({ addresses = [] }) => ({ addresses }),
  },
  TransactionAmountLimit: {
    kind: 'amount-limit',
    read: (configuration) => ({ limitUsd: dollars(members(configuration, ['limit', 'currency'])) }),
    write: ({ limitUsd }) => ({ limit: Number(limitUsd), currency: 'USD' }),
  },
  TransactionAmountVelocity: {
    kind: 'amount-velocity',
    read: (configuration) => {
      const { timeframe = null, ...limit } = members(configuration, ['limit', 'currency', 'timeframe']);
      return { limitUsd: dollars(limit), windowMinutes: timeframe };
    },
    write: ({ limitUsd, windowMinutes = null }) => ({
      limit: Number(limitUsd),
      currency: 'USD',
      timeframe: windowMinutes,
    }),
  },
  TransactionCountVelocity: {
    kind: 'count-velocity',
    read: (configuration) => {
      const { limit = null, timeframe = null } = members(configuration, ['limit', 'timeframe']);
      return { limit, windowMinutes: timeframe };
    },
    write: ({ limit = null, windowMinutes = null }) => ({ limit, timeframe: windowMinutes }),
  },
  ChainalysisTransactionPrescreening: SCREENING,
  GlobalLedgerTransactionPrescreening: SCREENING,
  TravelRuleTransactionPrescreening: SCREENING,
};

/** @throws DomainError */
export function readRule(kind: string, configuration: unknown): PolicyRule {
  const words = Object.hasOwn(RULES, kind) ? RULES[kind] : undefined;
  if (words === undefined)
    throw new DomainError('not_supported', `rule.kind must be one of ${Object.keys(RULES).join(', ')}`);
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration))
    throw new DomainError('invalid_request', 'rule.configuration must be an object');
  return { kind: words.kind, configuration: words.read(configuration as Configuration) };
}

/** Screening comes back under the first of its names: all three mean the rule server that they name. */
export function writeRule({ kind, configuration }: PolicyRule): Readonly<Record<string, unknown>> {
  const [word, words] = Object.entries(RULES).find(([, entry]) => entry.kind === kind) ?? [];
  if (word === undefined || words === undefined) return { kind, configuration };
  return { kind: word, configuration: words.write(configuration as Configuration) };
}

function members(configuration: Configuration, names: readonly string[]): Configuration {
  const unknown = Object.keys(configuration).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new DomainError('invalid_request', `rule.configuration has the members ${names.join(', ') || 'of {}'}`);
  return configuration;
}

/** A JSON number on the wire, decimal text inside. Beyond what a number holds exactly, the text is the number's own. */
function dollars({ limit, currency }: Configuration): string {
  if (currency !== 'USD') throw new DomainError('invalid_request', 'rule.configuration.currency must be USD');
  if (typeof limit !== 'number' || !Number.isFinite(limit) || limit < 0 || limit > Number.MAX_SAFE_INTEGER)
    throw new DomainError('invalid_request', 'rule.configuration.limit must be a number of dollars, not negative');
  const text = String(limit);
  if (!/^\d+(\.\d{1,6})?$/.test(text))
    throw new DomainError('invalid_request', 'rule.configuration.limit has at most six decimals');
  return text;
}
