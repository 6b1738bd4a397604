import type { LegacyUse } from '@countersign/algorithms/legacy-use';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { ALLOW, deny, type Rule } from './rule.ts';

/** Weak primitives sign only where the account's setting names them (design: defaults that protect). */
export const protectedDefaults: Rule = {
  name: 'protected-defaults',
  judge: ({ account, key, prepared }) => {
    const { allowLegacy } = account.settings;
    const ofKey = findAlgorithm(key.algorithm)?.legacyKeyUse(key.parameters) ?? [];
    const refused = findRefused(ofKey, allowLegacy) ?? findRefused(prepared.legacy, allowLegacy);
    return refused === undefined
      ? ALLOW
      : deny(
          'protected_by_default',
          `signing with ${refused} is off by the account's setting allow_legacy; the operator can allow it (countersign account --allow-legacy ${refused})`,
        );
  },
};

function findRefused(uses: readonly LegacyUse[], allowed: readonly LegacyUse[]): LegacyUse | undefined {
  for (const use of uses) if (!allowed.includes(use)) return use;
  return undefined;
}
