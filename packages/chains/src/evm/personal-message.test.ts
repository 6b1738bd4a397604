import fc from 'fast-check';
import { hashMessage, recoverMessageAddress, stringToHex, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { assembled, CHECKSUMMED, decode, digestOf, hexBytes, refusal, viewOf } from '../../test/evm-fixtures.ts';

describe('evm personal message', () => {
  it('has the digest of viem for any bytes, with and without 0x', () => {
    fc.assert(
      fc.property(hexBytes(0, 300), (message) => {
        expect(digestOf(decode('personal-message', message))).toBe(hashMessage({ raw: message }));
        expect(digestOf(decode('personal-message', message.slice(2)))).toBe(hashMessage({ raw: message }));
      }),
    );
  });

  it('is encoded so that viem recovers the signer, and has no other signed form', async () => {
    const message = stringToHex('Log in to example.org');
    const { encoded, signedData } = assembled(decode('personal-message', message));
    expect(await recoverMessageAddress({ message: { raw: message }, signature: encoded })).toBe(CHECKSUMMED);
    expect(signedData).toBeUndefined();
  });

  it('shows text, with nothing in it that hides or reorders', () => {
    const view = viewOf(decode('personal-message', stringToHex('pay\n\u202e100\u0000 \ud83d\ude00\u0085')));
    expect(view.memo).toBe('pay\u240a\ufffd100\u2400 \ud83d\ude00\ufffd');
    expect(view).toMatchObject({ complete: false, transfers: [], network: undefined, warnings: [] });
  });

  it('shows 4,096 characters and says when there are more', () => {
    const view = viewOf(decode('personal-message', stringToHex(`${'a'.repeat(4_095)}\ud83d\ude00`)));
    expect(view.memo).toBe(`${'a'.repeat(4_095)}\ufffd`);
    expect(view.warnings).toEqual(['The message is longer than what is shown.']);
    expect(viewOf(decode('personal-message', stringToHex('a'.repeat(4_096)))).warnings).toEqual([]);
  });

  it('warns of bytes that are not text or may be a hash', () => {
    expect(viewOf(decode('personal-message', '0xff'))).toMatchObject({
      memo: undefined,
      warnings: ['The message is not text.'],
    });
    expect(viewOf(decode('personal-message', `0x${'41'.repeat(32)}`)).warnings).toEqual([
      'The message has 32 bytes: it may be the hash of a transaction or order that is not shown.',
    ]);
  });

  it('keeps a byte order mark, which is part of what is signed, visible', () => {
    expect(viewOf(decode('personal-message', '0xefbbbf41')).memo).toBe('\ufffdA');
  });

  it('takes 128 KiB and no more', () => {
    expect(decode('personal-message', toHex(new Uint8Array(131_072))).parts).toHaveLength(1);
    expect(refusal('personal-message', toHex(new Uint8Array(131_073)))).toMatch(/more than 131072 bytes/);
    expect(refusal('personal-message', '41'.repeat(131_073))).toMatch(/more than 131072 bytes/);
  });

  it.each(['0xabc', 'hello', 'abcg', '0X41', '0x 41', 5, null, ['41'], { message: '41' }])('refuses %j', (content) => {
    expect(refusal('personal-message', content)).toMatch(/^message must be a string of hexadecimal digits/);
  });
});
