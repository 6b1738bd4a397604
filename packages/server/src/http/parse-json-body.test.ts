import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './parse-json-body.ts';

describe('parseJsonBody', () => {
  it('reads ASCII and other text alike, and an empty body as nothing', () => {
    expect(parseJsonBody(Buffer.alloc(0))).toBeUndefined();
    expect(parseJsonBody(Buffer.from('{"a":[1,"x"]}'))).toEqual({ a: [1, 'x'] });
    expect(parseJsonBody(Buffer.from('{"name":"clé 🔑"}'))).toEqual({ name: 'clé 🔑' });
  });

  it.each([
    ['malformed JSON', Buffer.from('{"a":'), 'the body is not valid JSON'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'the body is not valid JSON'],
    ['NUL bytes', Buffer.from('\0{}'), 'the body is not valid JSON'],
    ['a raw NUL in a string', Buffer.from('{"a":"\0"}'), 'the body is not valid JSON'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'the body is not valid UTF-8'],
    ['an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'the body is not valid UTF-8'],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'the body is not valid UTF-8'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 'the body is not valid JSON'],
    ['two values', Buffer.from('{} {}'), 'the body is not valid JSON'],
  ])('refuses %s without quoting it', (_name, body, message) => {
    expect(() => parseJsonBody(body)).toThrow(expect.objectContaining({ code: 'invalid_request', message }));
  });
});
