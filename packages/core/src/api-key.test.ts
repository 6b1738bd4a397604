import { describe, expect, it } from 'vitest';
import { createApiKey, matchesApiKey, parseApiKey } from './api-key.ts';
import { newId, type PrincipalId } from './ids.ts';

const id = newId<PrincipalId>();

describe('API keys', () => {
  it('are base64 of uuid, colon and 256 random bits, and match what was stored', () => {
    const key = createApiKey(id);
    const decoded = Buffer.from(key.text, 'base64').toString();
    expect(decoded.slice(0, 37)).toBe(`${id}:`);
    expect(Buffer.from(decoded.slice(37), 'base64url')).toHaveLength(32);
    const parsed = parseApiKey(key.text);
    expect(parsed?.principalId).toBe(id);
    expect(parsed && matchesApiKey(parsed, [key.secretDigest])).toBe(true);
  });

  it('are read in standard and URL-safe base64, with and without padding', () => {
    const text = Buffer.from(`${id}:????>>>>~~~~secret-secret`).toString('base64');
    const expected = parseApiKey(text);
    expect(expected).toBeDefined();
    expect(text).toMatch(/[+/]/);
    for (const form of [text.replaceAll('+', '-').replaceAll('/', '_'), text.replace(/=+$/, '')])
      expect(parseApiKey(form)).toEqual(expected);
  });

  it('do not match another secret, nor a principal without one', () => {
    const parsed = parseApiKey(createApiKey(id).text);
    if (parsed === undefined) throw new Error('own key must parse');
    expect(matchesApiKey(parsed, [createApiKey(id).secretDigest, createApiKey(id).secretDigest])).toBe(false);
    expect(matchesApiKey(parsed, [])).toBe(false);
    // What an absent digest is compared with isn't a digest that a secret could have to match.
    expect(matchesApiKey({ principalId: id, secretDigest: Buffer.alloc(32) }, [])).toBe(false);
  });

  it('match whichever of several it is', () => {
    const keys = Array.from({ length: 5 }, () => createApiKey(id));
    for (const { text } of keys) {
      const parsed = parseApiKey(text);
      const digests = keys.map(({ secretDigest }) => secretDigest);
      expect(parsed && matchesApiKey(parsed, digests)).toBe(true);
    }
  });

  it('are refused with anything beside them', () => {
    const { text } = createApiKey(id);
    for (const beside of [
      `${text}, Bearer x`,
      ` ${text}`,
      `${text}\n`,
      `${text}====`,
      `${text.slice(0, 9)} ${text.slice(9)}`,
    ])
      expect(parseApiKey(beside)).toBeUndefined();
  });

  it.each(['', '!!!!', 'bm8tY29sb24=', Buffer.from(`${id}:short`).toString('base64'), 'A'.repeat(513)])(
    'refuses %j',
    (text) => {
      expect(parseApiKey(text)).toBeUndefined();
    },
  );
});
