import { expect } from 'vitest';

/** For tests: what every refusal looks like here, so that this product's client can read it. */
export function checkError(status: number, json: unknown): void {
  const { error } = json as { readonly error: { readonly id: string; readonly message: string } };
  expect(json).toEqual({ error: { id: error.id, status, message: error.message } });
  expect(error.id).toMatch(/^\d{1,20}$/);
  expect(error.message).toMatch(/./);
}
