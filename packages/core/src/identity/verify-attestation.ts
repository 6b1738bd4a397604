/** Checks the proof that somebody holds a new credential. */
import { hash } from 'node:crypto';
import type { Passkeys } from '../ports/passkeys.ts';
import { isClientData } from './client-data.ts';
import type { CredentialMaterial } from './credential.ts';
import { parseCredentialKey, verifyCredentialSignature } from './credential-key.ts';
import type { CredentialAttestation } from './registration.ts';

const MAX_CLIENT_DATA_BYTES = 4_096;
/** Without attestation certificates it is some 300 bytes. */
const MAX_ATTESTATION_BYTES = 16_384;
const MAX_RAW_ID_BYTES = 1_023;
/** An RSA key of 8192 bits is the largest; more wouldn't fit the log together with its signatures. */
const MAX_PUBLIC_KEY_BYTES = 2_048;

/** What the new credential consists of; undefined where the proof doesn't hold. */
export async function verifyAttestation(
  passkeys: Passkeys,
  attestation: CredentialAttestation,
  challenge: string,
): Promise<CredentialMaterial | undefined> {
  if (attestation.clientData.length > MAX_CLIENT_DATA_BYTES) return undefined;
  if (attestation.kind === 'key') {
    const key = parseCredentialKey(attestation.publicKeyPem);
    const holds =
      key.ok &&
      isClientData(attestation.clientData, 'key.create', challenge) &&
      (await verifyCredentialSignature(key.spki, fingerprint(attestation), attestation.signature));
    return holds ? { kind: 'key', spki: key.spki } : undefined;
  }
  const { rawId, attestationObject } = attestation;
  if (attestationObject.length > MAX_ATTESTATION_BYTES || rawId.length === 0 || rawId.length > MAX_RAW_ID_BYTES)
    return undefined;
  const facts = await passkeys.verifyAttestation(attestation, challenge);
  if (facts === undefined || facts.publicKey.length > MAX_PUBLIC_KEY_BYTES) return undefined;
  return { kind: 'passkey', ...facts, transports: [] };
}

/** The text that the new key signs: members in this order, no spaces. */
function fingerprint({ clientData, publicKeyPem }: CredentialAttestation & { readonly kind: 'key' }): Uint8Array {
  return Buffer.from(JSON.stringify({ clientDataHash: hash('sha256', clientData), publicKey: publicKeyPem }));
}
