import fc from 'fast-check';
import { encodeFunctionData, getContractAddress, hexToBytes, parseAbi, serializeTransaction, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { anyAddress, anyUint256, CHECKSUMMED, decode, hexBytes, SELF, viewOf } from '../../test/evm-fixtures.ts';
import type { DecodedView } from '../view.ts';

const TOKEN = `0x${'aa'.repeat(20)}` as const;
const BOB = `0x${'b0'.repeat(20)}` as const;
const MAX = 2n ** 256n - 1n;

const ABI = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function transferFrom(address from, address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function increaseAllowance(address spender, uint256 added)',
  'function setApprovalForAll(address operator, bool approved)',
  'function safeTransferFrom(address from, address to, uint256 id)',
  'function safeTransferFrom(address from, address to, uint256 id, bytes data)',
  'function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
  'function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)',
  'function burn(uint256 amount)',
]);

function viewOfCall(data: `0x${string}`, value = 0n): DecodedView {
  const bytes = serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    to: TOKEN,
    data,
    value,
    gas: 3n,
    maxFeePerGas: 5n,
  });
  return viewOf(decode('transaction', bytes));
}

describe('view of an evm transaction', () => {
  it('lists native value and the token transfer of one call', () => {
    const data = encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [BOB, 25n] });
    expect(viewOfCall(data, 4n)).toEqual({
      kind: 'decoded',
      chain: 'evm',
      format: 'transaction',
      network: '1',
      transfers: [
        { effect: 'transfer', asset: { kind: 'native' }, to: TOKEN, amount: '4' },
        { effect: 'transfer', asset: { kind: 'token', contract: TOKEN }, to: BOB, amount: '25' },
      ],
      calls: [{ to: TOKEN, selector: '0xa9059cbb', signature: 'transfer(address,uint256)', dataBytes: 68 }],
      fee: '15',
      expiresAtMs: undefined,
      memo: undefined,
      complete: true,
      warnings: [],
    });
  });

  it('reads recipients and amounts of every known call as viem wrote them', () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, anyUint256, anyUint256, hexBytes(0, 70), (from, to, amount, id, extra) => {
        const token = { kind: 'token', contract: TOKEN };
        const item = { ...token, tokenId: id.toString() };
        const sent = { effect: 'transfer', to, from };
        const calls = [
          [
            { functionName: 'transferFrom', args: [from, to, amount] },
            { ...sent, asset: token, amount: `${amount}` },
          ],
          [
            { functionName: 'safeTransferFrom', args: [from, to, id] },
            { ...sent, asset: item, amount: '1' },
          ],
          [
            { functionName: 'safeTransferFrom', args: [from, to, id, extra] },
            { ...sent, asset: item, amount: '1' },
          ],
          [
            { functionName: 'safeTransferFrom', args: [from, to, id, amount, extra] },
            { ...sent, asset: item, amount: `${amount}` },
          ],
          [
            { functionName: 'approve', args: [to, amount] },
            { effect: 'allowance', asset: token, to, amount: `${amount}` },
          ],
          [
            { functionName: 'increaseAllowance', args: [to, amount] },
            { effect: 'allowance', asset: token, to, amount: `${amount}` },
          ],
        ] as const;
        for (const [call, expected] of calls) {
          const view = viewOfCall(encodeFunctionData({ abi: ABI, ...call }));
          expect(view.transfers).toEqual([expected]);
          expect(view.complete).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('names no source where the value leaves the own address', () => {
    const data = encodeFunctionData({ abi: ABI, functionName: 'transferFrom', args: [CHECKSUMMED, BOB, 1n] });
    expect(viewOfCall(data).transfers).toEqual([
      { effect: 'transfer', asset: { kind: 'token', contract: TOKEN }, to: BOB, amount: '1' },
    ]);
  });

  it('lists every token of a batch', () => {
    const args = [CHECKSUMMED, BOB, [1n, 2n], [30n, 40n], '0x1234'] as const;
    const view = viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'safeBatchTransferFrom', args }));
    expect(view.transfers.map(({ asset, amount }) => [asset, amount])).toEqual([
      [{ kind: 'token', contract: TOKEN, tokenId: '1' }, '30'],
      [{ kind: 'token', contract: TOKEN, tokenId: '2' }, '40'],
    ]);
    expect(view.complete).toBe(true);
    const uneven = [CHECKSUMMED, BOB, [1n, 2n], [30n], '0x'] as const;
    expect(
      viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'safeBatchTransferFrom', args: uneven })).complete,
    ).toBe(false);
    const many = Array.from({ length: 1_001 }, () => 1n);
    expect(
      viewOfCall(
        encodeFunctionData({ abi: ABI, functionName: 'safeBatchTransferFrom', args: [BOB, BOB, many, many, '0x'] }),
      ).complete,
    ).toBe(false);
  });

  it('shows an approval for all as an unlimited allowance with a warning, and its end as none', () => {
    const view = viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [BOB, true] }));
    expect(view.transfers).toEqual([
      { effect: 'allowance', asset: { kind: 'token', contract: TOKEN }, to: BOB, amount: MAX.toString() },
    ]);
    expect(view.warnings).toEqual([`Lets ${BOB} take every token of the contract ${TOKEN}.`]);
    const end = viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [BOB, false] }));
    expect(end.transfers.map(({ amount }) => amount)).toEqual(['0']);
    expect(end.warnings).toEqual([]);
  });

  it('warns of allowances without a limit', () => {
    const warned = (amount: bigint) =>
      viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'approve', args: [BOB, amount] })).warnings.includes(
        `Lets ${BOB} take an unlimited amount of the token ${TOKEN}.`,
      );
    expect([warned(MAX), warned(2n ** 96n - 1n), warned(2n ** 96n - 2n), warned(0n)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('does not understand a call with any change to its layout', () => {
    const data = encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [BOB, 25n] });
    const dirty = hexToBytes(data);
    dirty[4 + 11] = 1;
    const unsure = [`${data}00`, data.slice(0, -2), toHex(dirty), data.slice(0, 10)] as `0x${string}`[];
    for (const changed of unsure) {
      const view = viewOfCall(changed);
      expect(view.complete).toBe(false);
      expect(view.transfers).toEqual([]);
      expect(view.calls).toEqual([{ to: TOKEN, selector: '0xa9059cbb', dataBytes: (changed.length - 2) / 2 }]);
    }
    const flag = hexToBytes(encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [BOB, true] }));
    flag[flag.length - 1] = 2;
    expect(viewOfCall(toHex(flag)).complete).toBe(false);
  });

  it('does not understand dynamic arguments out of place, or padding that is not zero', () => {
    const args = [CHECKSUMMED, BOB, 7n, '0xabcd'] as const;
    const data = hexToBytes(encodeFunctionData({ abi: ABI, functionName: 'safeTransferFrom', args }));
    const changedAt = (index: number, value: number): boolean => {
      const changed = data.slice();
      changed[index] = value;
      return viewOfCall(toHex(changed)).complete;
    };
    expect(viewOfCall(toHex(data)).complete).toBe(true);
    expect(changedAt(4 + 3 * 32 + 31, 0x60)).toBe(false);
    expect(changedAt(4 + 4 * 32 + 31, 3)).toBe(true);
    expect(changedAt(4 + 4 * 32 + 31, 33)).toBe(false);
    expect(changedAt(data.length - 1, 1)).toBe(false);
  });

  it('is complete for known calls and plain transfers only', () => {
    expect(viewOfCall(encodeFunctionData({ abi: ABI, functionName: 'burn', args: [1n] })).complete).toBe(false);
    expect(viewOfCall('0xabcdef')).toMatchObject({
      complete: false,
      calls: [{ to: TOKEN, selector: undefined, dataBytes: 3 }],
    });
    expect(viewOfCall('0x')).toMatchObject({ complete: true, calls: [], transfers: [{ to: TOKEN, amount: '0' }] });
  });

  it('shows a deployment as a call without recipient, and its value at the address of the new contract', () => {
    const tx = { type: 'eip1559', chainId: 1, nonce: 9, data: '0x60806040', value: 3n, maxFeePerGas: 1n } as const;
    const view = viewOf(decode('transaction', serializeTransaction(tx)));
    expect(view).toMatchObject({
      complete: false,
      calls: [{ to: undefined, selector: undefined, dataBytes: 4 }],
      warnings: ['Deploys a contract.'],
    });
    expect(view.transfers).toEqual([
      {
        effect: 'transfer',
        asset: { kind: 'native' },
        to: getContractAddress({ from: SELF as `0x${string}`, nonce: 9n }).toLowerCase(),
        amount: '3',
      },
    ]);
  });

  it('warns of delegations and is not complete with them', () => {
    const one = { chainId: 1, address: BOB, nonce: 0, r: toHex(1n), s: toHex(2n), yParity: 0 } as const;
    const tx = { type: 'eip7702', chainId: 1, to: TOKEN, value: 1n, maxFeePerGas: 1n } as const;
    const view = viewOf(decode('transaction', serializeTransaction({ ...tx, authorizationList: [one] })));
    expect(view.complete).toBe(false);
    expect(view.warnings).toEqual([`Sets code of an account to that at ${BOB} (EIP-7702).`]);
    const many = Array.from({ length: 100 }, () => one);
    expect(
      viewOf(decode('transaction', serializeTransaction({ ...tx, authorizationList: many }))).warnings,
    ).toHaveLength(11);
    expect(() => decode('transaction', serializeTransaction({ ...tx, authorizationList: [...many, one] }))).toThrow(
      /authorizationList must have 1 to 100/,
    );
  });
});
