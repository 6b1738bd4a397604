import { DOMAIN_ERROR_CODES } from '@countersign/core/domain-error';
import { expect } from 'vitest';
import { complaintsAbout } from '../../../test/unknown-members.ts';
import { ErrorSchema } from './native-error.ts';

/** For tests: what every refusal of our own API looks like. */
export function checkError(_status: number, json: unknown): void {
  expect(complaintsAbout(ErrorSchema, json)).toEqual([]);
  const { error } = json as { readonly error: { readonly code: string; readonly message: string } };
  expect(DOMAIN_ERROR_CODES).toContain(error.code);
  expect(error.message).toMatch(/./);
}
