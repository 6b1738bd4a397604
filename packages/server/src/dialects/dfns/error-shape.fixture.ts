import { expect } from 'vitest';

/** For tests: what every refusal looks like here, so that this product's client can read it. */
export function checkError(status: number, json: unknown): void {
  expect(json).toEqual({
    error: { id: expect.stringMatching(/^\d{1,20}$/), status, message: expect.stringMatching(/./) },
  });
}
