import fc from 'fast-check';
import { hashAuthorization, recoverAuthorizationAddress } from 'viem/utils';
import { describe, expect, it } from 'vitest';
import { anyAddress, assembled, CHECKSUMMED, decode, digestOf, refusal, viewOf } from '../../test/evm-fixtures.ts';

const CODE = `0x${'c0'.repeat(20)}` as const;
const AUTHORIZATION = { address: CODE, nonce: 3, chainId: 1 };

describe('evm authorization', () => {
  it('has the digest of viem', () => {
    fc.assert(
      fc.property(anyAddress, fc.maxSafeNat(), fc.maxSafeNat(), (address, nonce, chainId) => {
        const authorization = { address, nonce, chainId };
        expect(digestOf(decode('authorization', authorization))).toBe(hashAuthorization(authorization));
        const strings = { address, nonce: `${nonce}`, chainId: `0x${chainId.toString(16)}` };
        expect(digestOf(decode('authorization', strings))).toBe(hashAuthorization(authorization));
      }),
    );
  });

  it('is encoded so that viem recovers the authority', async () => {
    const { encoded } = assembled(decode('authorization', AUTHORIZATION, '1'));
    expect(await recoverAuthorizationAddress({ authorization: AUTHORIZATION, signature: encoded })).toBe(CHECKSUMMED);
  });

  it('is never complete, and says what it gives away', () => {
    expect(viewOf(decode('authorization', AUTHORIZATION))).toEqual({
      kind: 'decoded',
      chain: 'evm',
      format: 'authorization',
      network: '1',
      transfers: [],
      calls: [],
      fee: undefined,
      expiresAtMs: undefined,
      memo: undefined,
      complete: false,
      warnings: [`Lets the code at ${CODE} act for the key's account and move everything that it holds (EIP-7702).`],
    });
    const removal = viewOf(decode('authorization', { ...AUTHORIZATION, address: `0x${'00'.repeat(20)}` }));
    expect(removal.warnings).toEqual(["Removes the code from the key's account (EIP-7702)."]);
  });

  it('must be for the network of the request, or for every chain', () => {
    expect(refusal('authorization', AUTHORIZATION, '10')).toMatch(/chainId is 1, but/);
    const everywhere = viewOf(decode('authorization', { ...AUTHORIZATION, chainId: 0 }, '10'));
    expect(everywhere.network).toBeUndefined();
    expect(everywhere.warnings).toContain('The signature is valid on every chain.');
  });

  it.each([
    ['no address', { nonce: 3, chainId: 1 }],
    ['no nonce', { address: CODE, chainId: 1 }],
    ['no chain id', { address: CODE, nonce: 3 }],
    ['a nonce of 2^64 - 1', { ...AUTHORIZATION, nonce: '18446744073709551615' }],
    ['a chain id above 256 bits', { ...AUTHORIZATION, chainId: `${2n ** 256n}` }],
    ['a signature', { ...AUTHORIZATION, r: '0x01', s: '0x01', yParity: 0 }],
    ['a string', CODE],
  ])('refuses %s', (_name, content) => {
    expect(refusal('authorization', content)).toMatch(/^[a-z]/);
  });
});
