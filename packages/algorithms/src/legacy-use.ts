/** Weak primitives that sign only for an account whose setting names them (they always verify). */
export const LEGACY_USES = ['rsa-below-2048', 'p-192', 'secp192k1', 'sha-1', 'ssl3', 'ripemd160'] as const;
export type LegacyUse = (typeof LEGACY_USES)[number];
