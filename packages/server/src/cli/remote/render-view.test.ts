import { describe, expect, it } from 'vitest';
import { viewLines } from './render-view.ts';

const transfer = { effect: 'transfer', asset: { kind: 'native' }, to: '0xaa', amount: '5' };

describe('what approvers see of a payload', () => {
  it.each([[{ kind: 'opaque' }], [undefined], ['text'], [{ kind: 'of the future' }]])('calls %j opaque', (view) => {
    expect(viewLines(view)[0]).toMatch(/^OPAQUE/);
  });

  it('names transfers, allowances, calls, fee, memo and every warning', () => {
    const lines = viewLines({
      kind: 'decoded',
      chain: 'evm',
      format: 'transaction',
      network: '1',
      transfers: [
        transfer,
        {
          effect: 'allowance',
          asset: { kind: 'token', contract: '0xcc', tokenId: '7' },
          from: '0xbb',
          to: '0xdd',
          amount: '9',
        },
      ],
      calls: [{ to: '0xcc', selector: '0x12345678', signature: 'f(uint256)', dataBytes: 36 }, { dataBytes: 10 }],
      fee: '21000',
      memo: 'rent\u202e',
      complete: true,
      warnings: ['an unlimited allowance'],
    });
    expect(lines).toEqual([
      'evm transaction on network 1',
      'transfers 5 units of the native asset to 0xaa',
      'ALLOWS 9 units of token 0xcc no. 7 from 0xbb to 0xdd',
      'calls 0xcc, f(uint256), 36 bytes of data',
      'deploys a contract, 10 bytes of data',
      'fee at most 21000',
      'says: rent\u{fffd}',
      'WARNING: an unlimited allowance',
    ]);
  });

  it('says where that may not be everything', () => {
    const lines = viewLines({ kind: 'decoded', chain: 'evm', format: 'typed-data', transfers: [transfer], calls: [] });
    expect(lines.at(-1)).toMatch(/^WARNING: .*more/);
  });
});
