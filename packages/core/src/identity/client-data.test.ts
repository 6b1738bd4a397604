import { describe, expect, it } from 'vitest';
import { isClientData } from './client-data.ts';

const CHALLENGE = 'MWM0MmY5';
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('client data', () => {
  it('may have more members than type and challenge', () => {
    const data = { type: 'key.get', challenge: CHALLENGE, origin: 'https://x', crossOrigin: false };
    expect(isClientData(bytes(data), 'key.get', CHALLENGE)).toBe(true);
    expect(isClientData(bytes(data), 'key.create', CHALLENGE)).toBe(false);
  });

  it.each([
    ['another challenge', bytes({ type: 'key.get', challenge: 'MWM0MmY6' })],
    ['a longer challenge', bytes({ type: 'key.get', challenge: `${CHALLENGE}A` })],
    ['a list for the challenge', bytes({ type: 'key.get', challenge: [CHALLENGE] })],
    ['no type', bytes({ challenge: CHALLENGE })],
    ['null', bytes(null)],
    ['a text', bytes(CHALLENGE)],
    ['no JSON', Buffer.from(`{type:'key.get',challenge:'${CHALLENGE}'}`)],
    ['no UTF-8', Buffer.concat([bytes({ type: 'key.get', challenge: CHALLENGE, a: 'b' }), Buffer.of(0xff)])],
    ['more than 4 KiB', bytes({ type: 'key.get', challenge: CHALLENGE, a: 'x'.repeat(4096) })],
  ])('is not %s', (_what, data) => {
    expect(isClientData(data, 'key.get', CHALLENGE)).toBe(false);
  });
});
