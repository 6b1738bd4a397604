import { createHmac } from 'node:crypto';
import { type CredentialId, newId, type PrincipalId, parseId } from '../ids.ts';
import type { Credential } from './credential.ts';

/**
 * What a login is offered for an email that nobody can log in with: always the same passkey for the same email, so that
 * asking tells nothing about who has an account. It answers to nobody. `key`: 32 secret bytes that stay the same over
 * restarts, since real ids do.
 */
export function decoyCredential(key: Uint8Array, email: string): Credential {
  const bytes = (what: string): Buffer =>
    createHmac('sha256', key).update(`countersign/decoy/v1\n${what}\n${email}`).digest();
  const id = bytes('id');
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  const text = id.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return {
    id: parseId<CredentialId>(text) ?? newId(),
    accountId: newId(),
    principalId: newId<PrincipalId>(),
    name: 'passkey',
    // Password managers use 16 bytes, platforms 20 to 32.
    material: {
      kind: 'passkey',
      rawId: bytes('raw id').subarray(0, [16, 20, 32][bytes('length').readUInt8(0) % 3]),
      publicKey: new Uint8Array(),
      signCount: 0,
      transports: [],
    },
    active: true,
    createdAtMs: 0,
  };
}
