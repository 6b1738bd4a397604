/** Bytes of our own API: standard base64, strictly read. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';

export const Base64Schema = Type.String({ contentEncoding: 'base64', maxLength: 4 * 1024 * 1024 });

/** Undefined for anything that isn't what `writeBase64` would have written. */
export function parseBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === decodedLength(text) && bytes.toString('base64') === text ? bytes : undefined;
}

/** @throws DomainError `invalid_request` that names the member */
export function readBase64(member: string, text: string): Uint8Array {
  const bytes = parseBase64(text);
  if (bytes === undefined) throw new DomainError('invalid_request', `${member} must be base64, with its padding`);
  return bytes;
}

export function writeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Cheap refusal of what is no base64 before it is compared. */
function decodedLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  return (text.length / 4) * 3 - padding;
}
