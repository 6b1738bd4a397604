import { describe, expect, it } from 'vitest';
import { columns, printable } from './printable.ts';

describe('texts of others', () => {
  it('have no character that could rewrite the screen, or show what follows in another order', () => {
    for (const unseen of ['\u001b', '\u0007', '\u009b', '\r', '\n', '\u202e', '\u2066', '\u200b', '\u2028', '\ud800'])
      expect(printable(`a${unseen}b`)).toBe('a\u{fffd}b');
  });

  it('keep what people write', () => {
    for (const text of ['plain', 'Grüße, 世界', '0xAbC: 5 €', '😀']) expect(printable(text)).toBe(text);
  });
});

describe('columns', () => {
  it('are as wide as their widest cell and end where the text ends', () => {
    expect(
      columns([
        ['ID', 'NAME'],
        ['long-id', ''],
      ]),
    ).toBe('ID       NAME\nlong-id\n');
  });
});
