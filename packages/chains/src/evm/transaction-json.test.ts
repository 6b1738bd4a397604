import { parseTransaction, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { assembled, decode, digestOf, refusal, viewOf } from '../../test/evm-fixtures.ts';

const ADDRESS = `0x${'11'.repeat(20)}`;
const MINIMAL = { chainId: 1, nonce: 7, gasLimit: 21_000, maxFeePerGas: '20', maxPriorityFeePerGas: '0x1' };
const AUTHORIZATION = { chainId: 1, address: ADDRESS, nonce: 0 };
const R = `0x${'7f'.repeat(32)}`;
const S = `0x${'55'.repeat(32)}`;

describe('evm transaction in JSON', () => {
  it('is of type 2 where it names no type, and value, data and lists may be left out', () => {
    const { signedData } = assembled(decode('transaction', { ...MINIMAL, to: ADDRESS }));
    expect(parseTransaction(signedData ?? '0x')).toMatchObject({
      type: 'eip1559',
      chainId: 1,
      nonce: 7,
      gas: 21_000n,
      maxFeePerGas: 20n,
      maxPriorityFeePerGas: 1n,
      to: ADDRESS,
    });
  });

  it.each(['nonce', 'gasLimit', 'maxFeePerGas', 'maxPriorityFeePerGas'])(
    'says that %s is missing and that this server watches no chain',
    (name) => {
      const { [name]: _left, ...others } = MINIMAL as Record<string, number | string>;
      expect(refusal('transaction', { ...others, to: ADDRESS })).toMatch(
        new RegExp(`^${name} is missing: this server watches no chain`),
      );
    },
  );

  it('asks types 0 and 1 for a gas price', () => {
    const legacy = { chainId: 1, nonce: 7, gasLimit: 21_000, to: ADDRESS };
    expect(refusal('transaction', { ...legacy, type: 0 })).toMatch(/^gasPrice is missing/);
    expect(refusal('transaction', { ...legacy, type: 1 })).toMatch(/^gasPrice is missing/);
    expect(decode('transaction', { ...legacy, type: 0, gasPrice: 1 }).parts).toHaveLength(1);
  });

  it('takes the chain id from the network where it has none, and refuses to have neither', () => {
    const { chainId: _left, ...others } = MINIMAL;
    expect(viewOf(decode('transaction', others, '137')).network).toBe('137');
    expect(refusal('transaction', others)).toMatch(/^chainId is missing/);
    expect(refusal('transaction', { ...others, type: 3 })).toMatch(/^type 3 is not supported/);
    expect(refusal('transaction', MINIMAL, '137')).toMatch(/for the network with chain id 137/);
  });

  it.each([
    ['a fraction', { nonce: 1.5 }],
    ['a number that JSON has rounded', { nonce: 2 ** 53 }],
    ['a negative number', { nonce: -1 }],
    ['a negative string', { nonce: '-1' }],
    ['an empty string', { nonce: '' }],
    ['bare 0x', { nonce: '0x' }],
    ['a leading zero in decimal', { nonce: '010' }],
    ['white space', { nonce: ' 1' }],
    ['an exponent', { nonce: '1e3' }],
    ['a truth value', { nonce: true }],
    ['null', { nonce: null }],
    ['a nonce of 2^64 - 1', { nonce: '18446744073709551615' }],
    ['a gas limit of 2^64', { gasLimit: '0x10000000000000000' }],
    ['a value of 2^256', { value: `${2n ** 256n}` }],
    ['a chain id of 0', { chainId: 0 }],
    ['a chain id of 2^53', { chainId: '9007199254740992' }],
    ['an unknown member', { gas: 1 }],
    ['a member of another type', { gasPrice: 1 }],
    ['a member named __proto__', JSON.parse('{"__proto__": 1}') as { __proto__: number }],
    ['an empty recipient', { to: '' }],
    ['0x as the recipient', { to: '0x' }],
    ['a short recipient', { to: '0x1234' }],
    ['a recipient without prefix', { to: '11'.repeat(20) }],
    ['a recipient with a wrong checksum', { to: '0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' }],
    ['data without prefix', { data: 'abcd' }],
    ['data of half a byte', { data: '0xabc' }],
    ['an access list that is no array', { accessList: {} }],
    ['an access list entry without keys', { accessList: [{ address: ADDRESS }] }],
    ['a short storage key', { accessList: [{ address: ADDRESS, storageKeys: ['0x01'] }] }],
    ['an authorization list of type 2', { authorizationList: [] }],
  ])('refuses %s', (_name, members) => {
    const entries = Object.entries({ ...MINIMAL, to: ADDRESS });
    const json = Object.fromEntries([...entries, ...Object.entries(members)]);
    expect(refusal('transaction', json)).toMatch(/^[a-zA-Z]/);
  });

  it('takes addresses in lower case, in upper case and with a correct checksum', () => {
    const checksummed = '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826';
    const forms = [checksummed, checksummed.toLowerCase(), `0x${checksummed.slice(2).toUpperCase()}`];
    const digests = new Set(forms.map((to) => digestOf(decode('transaction', { ...MINIMAL, to }))));
    expect(digests.size).toBe(1);
  });

  it('takes a missing or null recipient as a deployment', () => {
    expect(viewOf(decode('transaction', { ...MINIMAL, to: null, data: '0x00' })).warnings).toEqual([
      'Deploys a contract.',
    ]);
    expect(digestOf(decode('transaction', { ...MINIMAL, to: null }))).toBe(digestOf(decode('transaction', MINIMAL)));
  });

  it('reads the signature of an authorization in all its forms', () => {
    const forms = [
      { signature: { r: R, s: S, yParity: 1 } },
      { signature: { r: R, s: S, v: 28 } },
      { signature: { r: R, s: S, v: '0x1c', yParity: '1' } },
      { signature: `${R}${S.slice(2)}1c` },
      { signature: `${R}${S.slice(2)}01` },
      { r: R, s: BigInt(S).toString(), yParity: 1 },
      { r: R, s: S, v: 1 },
    ];
    const digests = forms.map((form) => {
      const payload = decode('transaction', {
        ...MINIMAL,
        type: 4,
        to: ADDRESS,
        authorizationList: [{ ...AUTHORIZATION, ...form }],
      });
      const read = parseTransaction(assembled(payload).signedData ?? '0x') as { authorizationList?: unknown };
      expect(read.authorizationList).toMatchObject([{ address: ADDRESS, r: R, s: S, yParity: 1 }]);
      return digestOf(payload);
    });
    expect(new Set(digests).size).toBe(1);
  });

  it.each([
    ['none', {}],
    ['two', { signature: { r: R, s: S, yParity: 1 }, v: 28 }],
    ['no parity', { r: R, s: S }],
    ['parities that disagree', { r: R, s: S, yParity: 0, v: 28 }],
    ['v of a legacy transaction', { r: R, s: S, v: 37 }],
    ['v 2', { r: R, s: S, v: 2 }],
    ['no s', { r: R, yParity: 0 }],
    ['64 bytes', { signature: toHex(new Uint8Array(64)) }],
    ['r above 256 bits', { r: `${2n ** 256n}`, s: S, yParity: 0 }],
  ])('refuses an authorization with %s in place of a signature', (_name, signature) => {
    const authorizationList = [{ ...AUTHORIZATION, ...signature }];
    expect(refusal('transaction', { ...MINIMAL, type: 4, to: ADDRESS, authorizationList })).toMatch(
      /^authorizationList\[0\]/,
    );
  });

  it.each([null, 1, true, [], [1]])('refuses %j', (content) => {
    expect(refusal('transaction', content)).toMatch(/transaction must be a JSON object/);
  });
});
