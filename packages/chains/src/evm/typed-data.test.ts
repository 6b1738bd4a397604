import { keccak_256 } from '@noble/hashes/sha3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { hashTypedData, recoverTypedDataAddress, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { assembled, CHECKSUMMED, decode, digestOf, refusal, sign, viewOf } from '../../test/evm-fixtures.ts';
import { anyDomain, anyTypedData } from '../../test/evm-typed-data.ts';
import type { JsonValue } from '../chain.ts';

/** The example of EIP-712, section "Specification of the eth_signTypedData JSON RPC" and its file Example.js. */
const MAIL = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
} as const;
const MAIL_DIGEST = '0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2';

const MAIL_DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const;

/** Typed data with one member `value` of this type. */
function single(type: string, value: JsonValue): JsonValue {
  return { types: { T: [{ name: 'value', type }] }, domain: { name: 'd' }, message: { value } };
}

function withTypes(types: Record<string, JsonValue>, message: JsonValue = {}): JsonValue {
  return { types, domain: { name: 'd' }, message };
}

describe('evm typed data', () => {
  it('has the digest and signature of the example of EIP-712', () => {
    const payload = decode('typed-data', MAIL, '1');
    expect(digestOf(payload)).toBe(MAIL_DIGEST);
    const [part] = payload.parts;
    const signature = sign(part?.bytes ?? new Uint8Array(), keccak_256(utf8ToBytes('cow')));
    expect(toHex(payload.assemble([signature]).encoded[0] ?? new Uint8Array())).toBe(
      '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c',
    );
  });

  it('shows the message, and is not complete', () => {
    expect(decode('typed-data', MAIL).view).toEqual({
      kind: 'decoded',
      chain: 'evm',
      format: 'typed-data',
      network: '1',
      transfers: [],
      calls: [],
      fee: undefined,
      expiresAtMs: undefined,
      memo: JSON.stringify({ domain: MAIL.domain, primaryType: 'Mail', message: MAIL.message }),
      complete: false,
      warnings: [],
    });
  });

  it('has the digest of viem for any types and values', () => {
    fc.assert(
      fc.property(anyTypedData, anyDomain, fc.boolean(), (data, domain, named) => {
        const { types, primaryType } = data;
        const payload = decode('typed-data', {
          types,
          domain: domain.json,
          message: data.json,
          ...(named ? { primaryType } : {}),
        });
        expect(digestOf(payload)).toBe(
          hashTypedData({ types, primaryType, domain: domain.viem, message: data.viem } as Parameters<
            typeof hashTypedData
          >[0]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is encoded so that viem recovers the signer', async () => {
    const { encoded, signedData } = assembled(decode('typed-data', MAIL));
    expect(await recoverTypedDataAddress({ ...MAIL, primaryType: 'Mail', signature: encoded })).toBe(CHECKSUMMED);
    expect(signedData).toBeUndefined();
  });

  it('takes primaryType where it is given, with types that nobody refers to beside it', () => {
    expect(digestOf(decode('typed-data', { ...MAIL, primaryType: 'Mail' }))).toBe(MAIL_DIGEST);
    const types = { ...MAIL.types, Other: [{ name: 'a', type: 'bool' }] };
    expect(digestOf(decode('typed-data', { ...MAIL, types, primaryType: 'Mail' }))).toBe(MAIL_DIGEST);
    expect(refusal('typed-data', { ...MAIL, types })).toMatch(/^primaryType is missing and can't be inferred/);
    expect(refusal('typed-data', { ...MAIL, primaryType: 'Letter' })).toMatch(/^primaryType must be the name/);
    expect(refusal('typed-data', { ...MAIL, primaryType: 'EIP712Domain' })).toMatch(/^primaryType must be the name/);
    expect(refusal('typed-data', { ...MAIL, primaryType: 'toString' })).toMatch(/^primaryType must be the name/);
  });

  it('infers a primary type that refers to itself, and none where all refer to each other', () => {
    const node = { types: { Node: [{ name: 'next', type: 'Node[]' }] }, domain: { name: 'd' } };
    const message = { next: [{ next: [] }] };
    expect(digestOf(decode('typed-data', { ...node, message }))).toBe(
      hashTypedData({ ...node, primaryType: 'Node', message } as Parameters<typeof hashTypedData>[0]),
    );
    const circle = withTypes({ A: [{ name: 'b', type: 'B[]' }], B: [{ name: 'a', type: 'A[]' }] }, { b: [] });
    expect(refusal('typed-data', circle)).toMatch(/^primaryType is missing/);
  });

  it('accepts EIP712Domain among the types only where it says what the domain says', () => {
    const withDomain = (EIP712Domain: JsonValue): JsonValue => ({ ...MAIL, types: { ...MAIL.types, EIP712Domain } });
    expect(digestOf(decode('typed-data', withDomain(MAIL_DOMAIN)))).toBe(MAIL_DIGEST);
    const wrong = /^types.EIP712Domain must be left out, or be exactly: string name, string version, uint256 chainId/;
    expect(refusal('typed-data', withDomain(MAIL_DOMAIN.slice(1)))).toMatch(wrong);
    expect(refusal('typed-data', withDomain([...MAIL_DOMAIN].reverse()))).toMatch(wrong);
    expect(refusal('typed-data', withDomain([...MAIL_DOMAIN, { name: 'salt', type: 'bytes32' }]))).toMatch(wrong);
    expect(refusal('typed-data', withDomain([]))).toMatch(wrong);
    expect(refusal('typed-data', withDomain('x'))).toMatch(/must be an array/);
  });

  it('takes an empty version only where the types say that it is signed', () => {
    const domain = { name: 'd', version: '' };
    expect(refusal('typed-data', { ...MAIL, domain })).toMatch(/^domain.version is empty/);
    const types = { ...MAIL.types, EIP712Domain: MAIL_DOMAIN.slice(0, 2) };
    expect(digestOf(decode('typed-data', { ...MAIL, types, domain }))).toBe(
      hashTypedData({ ...MAIL, types, domain, primaryType: 'Mail' } as Parameters<typeof hashTypedData>[0]),
    );
  });

  it('must be for the network of the request; a domain without chain gets a warning', () => {
    expect(refusal('typed-data', MAIL, '10')).toBe(
      'domain.chainId is 1, but the request is for the network with chain id 10.',
    );
    const view = viewOf(decode('typed-data', { ...MAIL, domain: { name: 'Ether Mail' } }, '10'));
    expect(view.network).toBeUndefined();
    expect(view.warnings).toEqual(['The domain names no chain: the signature may be valid on several.']);
    expect(viewOf(decode('typed-data', { ...MAIL, domain: { ...MAIL.domain, chainId: '0x1' } }, '1')).network).toBe(
      '1',
    );
  });

  it.each<[string, JsonValue]>([
    ['an empty domain', { ...MAIL, domain: {} }],
    ['no domain', { types: MAIL.types, message: MAIL.message }],
    ['no types', { domain: MAIL.domain, message: MAIL.message }],
    ['empty types', { ...MAIL, types: {} }],
    ['no message', { types: MAIL.types, domain: MAIL.domain }],
    ['an unknown member of the domain', { ...MAIL, domain: { ...MAIL.domain, origin: 'x' } }],
    ['a chain id that is no number', { ...MAIL, domain: { ...MAIL.domain, chainId: 'mainnet' } }],
    ['a contract that is no address', { ...MAIL, domain: { ...MAIL.domain, verifyingContract: 'cosmos' } }],
    [
      'a contract with a wrong checksum',
      { ...MAIL, domain: { verifyingContract: '0xcCCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC' } },
    ],
    ['a salt of 31 bytes', { ...MAIL, domain: { salt: `0x${'00'.repeat(31)}` } }],
    ['an unknown member beside the four', { ...MAIL, chain: 1 }],
    ['a member of the message that its type lacks', { ...MAIL, message: { ...MAIL.message, amount: 1 } }],
    ['a missing member of the message', { ...MAIL, message: { from: MAIL.message.from, contents: '' } }],
    ['a null struct', { ...MAIL, message: { ...MAIL.message, from: null } }],
    ['a struct as an array', { ...MAIL, message: { ...MAIL.message, from: [] } }],
    ['a string', 'MAIL'],
    ['null', null],
    ['uint8 of 256', single('uint8', 256)],
    ['uint8 of -1', single('uint8', -1)],
    ['int8 of 128', single('int8', 128)],
    ['int8 of -129', single('int8', '-129')],
    ['an integer with -0', single('int8', '-0')],
    ['an integer as an empty string', single('uint256', '')],
    ['an integer with white space', single('uint256', ' 1 ')],
    ['a rounded integer', single('uint256', 2 ** 60)],
    ['a fraction', single('int256', -1.5)],
    ['an integer as a truth value', single('uint256', true)],
    ['a truth value as a number', single('bool', 1)],
    ['a truth value as a string', single('bool', 'true')],
    ['bytes4 of 3 bytes', single('bytes4', '0x123456')],
    ['bytes4 of 5 bytes', single('bytes4', '0x1234567890')],
    ['bytes without prefix', single('bytes', 'abcd')],
    ['half a byte', single('bytes', '0xabc')],
    ['text in the place of bytes', single('bytes', 'hello')],
    ['a number as a string', single('string', 5)],
    ['a lone surrogate', single('string', '\ud800')],
    ['a short address', single('address', '0x12')],
    ['an array as an object', single('bool[]', {})],
    ['two items of three', single('bool[3]', [true, false])],
    ['the alias uint', single('uint', 1)],
    ['the alias int', single('int', 1)],
    ['uint7', single('uint7', 1)],
    ['uint264', single('uint264', 1)],
    ['uint08', single('uint08', 1)],
    ['bytes0', single('bytes0', '0x')],
    ['bytes33', single('bytes33', `0x${'00'.repeat(33)}`)],
    ['an array of no items', single('bool[0]', [])],
    ['a length with a leading zero', single('bool[01]', [true])],
    ['an unclosed array', single('bool[', [])],
    ['an unknown type', single('Missing', {})],
    ['a type of Object.prototype', single('toString', {})],
    ['the domain as a type of a member', single('EIP712Domain', {})],
    ['a struct with the name of a type', withTypes({ uint256: [] })],
    ['a struct named uint', withTypes({ uint: [] })],
    ['a struct whose name is no identifier', withTypes({ 'A(bool b)B': [] })],
    ['a struct name with a dollar', withTypes({ A$: [] })],
    [
      'a member whose name is no identifier',
      withTypes({ A: [{ name: 'a,bool b', type: 'bool' }] }, { 'a,bool b': true }),
    ],
    [
      'two members of one name',
      withTypes(
        {
          A: [
            { name: 'a', type: 'bool' },
            { name: 'a', type: 'bool' },
          ],
        },
        { a: true },
      ),
    ],
    ['a struct that holds itself', withTypes({ A: [{ name: 'a', type: 'A' }] }, { a: {} })],
    ['a member without type', withTypes({ A: [{ name: 'a' }] }, { a: 1 })],
    ['a member with more than name and type', withTypes({ A: [{ name: 'a', type: 'bool', size: 1 }] }, { a: true })],
    ['nine dimensions', single('bool[][][][][][][][][]', [])],
  ])('refuses %s', (_name, content) => {
    const reason = refusal('typed-data', content);
    expect(reason).not.toMatch(/can't be decoded/);
    expect(reason.length).toBeLessThan(300);
  });

  it('takes integers as numbers, decimal and hexadecimal strings', () => {
    const digests = [255, '255', '0xff', '0x00ff'].map((value) =>
      digestOf(decode('typed-data', single('uint8', value))),
    );
    expect(new Set(digests).size).toBe(1);
    expect(digestOf(decode('typed-data', single('int8', -128)))).toBe(
      digestOf(decode('typed-data', single('int8', '-128'))),
    );
  });

  it('bounds depth, values and text', () => {
    const types = { Node: [{ name: 'next', type: 'Node[]' }] };
    const chain = (length: number): JsonValue => {
      let message: JsonValue = { next: [] };
      for (let index = 1; index < length; index++) {
        message = { next: [message] };
      }
      return withTypes(types, message);
    };
    // Every link is a struct in an array: two levels.
    expect(decode('typed-data', chain(16)).parts).toHaveLength(1);
    expect(refusal('typed-data', chain(17))).toMatch(/deeper than 32/);
    expect(refusal('typed-data', chain(5_000))).toMatch(/deeper than 32/);
    expect(decode('typed-data', single('bool[]', Array(9_999).fill(true))).parts).toHaveLength(1);
    expect(refusal('typed-data', single('bool[]', Array(10_000).fill(true)))).toMatch(/more than 10000 values/);
    const rows: JsonValue = Array(200).fill(Array(200).fill(true));
    expect(refusal('typed-data', single('bool[][]', rows))).toMatch(/more than 10000 values/);
    expect(refusal('typed-data', single('string', 'a'.repeat(131_073)))).toMatch(/more than 131072 bytes/);
    expect(refusal('typed-data', single('string[]', Array(2).fill('a'.repeat(70_000))))).toMatch(
      /more than 131072 bytes/,
    );
    const wide = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`T${index}`, []]));
    expect(refusal('typed-data', withTypes(wide))).toMatch(/1 to 64 types/);
    const long = Array.from({ length: 3_000 }, (_, index) => ({ name: `member${index}`, type: 'bool' }));
    expect(refusal('typed-data', withTypes({ T: long }))).toMatch(/more than 32768 characters/);
  });

  it('says when the message is longer than what is shown', () => {
    const view = viewOf(decode('typed-data', single('string', 'a'.repeat(5_000))));
    expect(view.memo).toHaveLength(4_096);
    expect(view.warnings).toContain('The typed data is longer than what is shown.');
  });
});
