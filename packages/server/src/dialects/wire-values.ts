/** Dates, hexadecimal bytes and small things that several dialects write in one way. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';

/** ISO 8601, UTC, milliseconds. */
export function wireDate(ms: number): string {
  return new Date(ms).toISOString();
}

/** An optional date, as a member to spread: nothing where there is none. */
export function dateMember<Name extends string>(
  name: Name,
  ms: number | undefined,
): { readonly [Key in Name]?: string } {
  return ms === undefined ? {} : ({ [name]: wireDate(ms) } as { readonly [Key in Name]: string });
}

/** Lower case, with `0x`. */
export function wireHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}

const HEX = /^(?:0x)?((?:[0-9a-fA-F]{2})*)$/;

/** With or without `0x`, both cases. @throws DomainError `invalid_request` that names the member */
export function readHex(member: string, text: string): Uint8Array {
  const digits = HEX.exec(text)?.[1];
  if (digits === undefined)
    throw new DomainError('invalid_request', `${member} must be hexadecimal: an even number of digits, 0x before them`);
  return Buffer.from(digits, 'hex');
}

const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;

/** base64url, padded or not. @throws DomainError `invalid_request` that names the member */
export function readBase64Url(member: string, text: string, maxBytes: number): Uint8Array {
  if (text.length > Math.ceil((maxBytes * 4) / 3) + 4 || !BASE64URL.test(text))
    throw new DomainError('invalid_request', `${member} must be base64url of at most ${maxBytes} bytes`);
  return Buffer.from(text, 'base64url');
}

/** What `jsonAnswer` writes for a list. */
export interface WirePage {
  readonly items: readonly unknown[];
  readonly nextPageToken?: string;
}

export const IdSchema = Type.String({ minLength: 1, maxLength: 64 });
export const NameSchema = Type.String({ minLength: 1, maxLength: 255 });
export const DateSchema = Type.String({ format: 'date-time' });
export const HexSchema = Type.String({ pattern: '^0x([0-9a-f]{2})*$' });
export const ExternalIdSchema = Type.String({ minLength: 1, maxLength: 200 });
