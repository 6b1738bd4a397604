/** What a sealed process is for. `verifier` has no secret. */
export const SEALED_ROLES = ['signer', 'generator', 'verifier'] as const;

export type SealedRole = (typeof SEALED_ROLES)[number];

export function isSealedRole(value: unknown): value is SealedRole {
  return SEALED_ROLES.some((role) => role === value);
}
