import fc from 'fast-check';
import {
  type Hex,
  hexToBytes,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerializable,
  toHex,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { assembled, CHECKSUMMED, decode, digestOf, refusal, viewOf } from '../../test/evm-fixtures.ts';
import { anyTransaction, jsonOf, NUMBER_FORMS } from '../../test/evm-transactions.ts';
import type { DecodedPayload } from '../chain.ts';

/** EIP-155, section "Example". */
const EIP_155 = {
  unsigned: '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
  digest: '0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
  signed:
    '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
} as const;

/** What view and details say, in viem's terms. */
function fieldsOf(payload: DecodedPayload) {
  const view = viewOf(payload);
  const { details } = assembled(payload);
  const native = view.transfers.find((transfer) => transfer.asset.kind === 'native');
  return {
    chainId: view.network,
    nonce: String(details['nonce']),
    gas: details['gasLimit'],
    price: details['maxFeePerGas'] ?? details['gasPrice'],
    tip: details['maxPriorityFeePerGas'],
    fee: view.fee,
    to: view.calls[0] === undefined ? native?.to : view.calls[0].to,
    value: native?.amount ?? '0',
    dataBytes: view.calls[0]?.dataBytes ?? 0,
  };
}

function fieldsOfViem(tx: TransactionSerializable) {
  const price = tx.maxFeePerGas ?? tx.gasPrice ?? 0n;
  return {
    chainId: tx.chainId?.toString(),
    nonce: String(tx.nonce ?? 0),
    gas: String(tx.gas ?? 0n),
    price: String(price),
    tip: tx.type === 'eip1559' || tx.type === 'eip7702' ? String(tx.maxPriorityFeePerGas ?? 0n) : undefined,
    fee: String((tx.gas ?? 0n) * price),
    to: tx.to?.toLowerCase(),
    value: String(tx.value ?? 0n),
    dataBytes: ((tx.data ?? '0x').length - 2) / 2,
  };
}

describe('evm transaction', () => {
  it('decodes and signs the example of EIP-155', () => {
    const payload = decode('transaction', EIP_155.unsigned, '1');
    expect(digestOf(payload)).toBe(EIP_155.digest);
    expect(assembled(payload).signedData).toBe(EIP_155.signed);
    expect(payload.view).toEqual({
      kind: 'decoded',
      chain: 'evm',
      format: 'transaction',
      network: '1',
      transfers: [
        { effect: 'transfer', asset: { kind: 'native' }, to: `0x${'35'.repeat(20)}`, amount: (10n ** 18n).toString() },
      ],
      calls: [],
      fee: (21_000n * 20n * 10n ** 9n).toString(),
      expiresAtMs: undefined,
      memo: undefined,
      complete: true,
      warnings: [],
    });
  });

  it('takes hexadecimal digits with and without 0x', () => {
    expect(digestOf(decode('transaction', EIP_155.unsigned.slice(2)))).toBe(EIP_155.digest);
  });

  it('reads what viem writes, for all types, with the digest that viem signs', () => {
    fc.assert(
      fc.property(anyTransaction, (tx) => {
        const bytes = serializeTransaction(tx);
        const payload = decode('transaction', bytes);
        expect(digestOf(payload)).toBe(keccak256(bytes));
        expect(fieldsOf(payload)).toEqual(fieldsOfViem(tx));
      }),
    );
  });

  it('reads the JSON form as the same bytes, with numbers in any of their forms', () => {
    fc.assert(
      fc.property(anyTransaction, fc.constantFrom(...NUMBER_FORMS), (tx, number) => {
        fc.pre(tx.chainId !== undefined);
        const fromHex = decode('transaction', serializeTransaction(tx));
        const fromJson = decode('transaction', jsonOf(tx, number));
        expect(digestOf(fromJson)).toBe(digestOf(fromHex));
        expect(fromJson.view).toEqual(fromHex.view);
      }),
    );
  });

  it('assembles a transaction whose sender viem recovers, and a signature of 65 bytes', async () => {
    await fc.assert(
      fc.asyncProperty(anyTransaction, async (tx) => {
        const payload = decode('transaction', serializeTransaction(tx));
        const { encoded, signedData, details } = assembled(payload);
        expect(await recoverAddress({ hash: digestOf(payload), signature: encoded })).toBe(CHECKSUMMED);
        expect([27, 28]).toContain(hexToBytes(encoded)[64]);
        const serializedTransaction = signedData as Parameters<
          typeof recoverTransactionAddress
        >[0]['serializedTransaction'];
        expect(await recoverTransactionAddress({ serializedTransaction })).toBe(CHECKSUMMED);
        expect(details['transactionHash']).toBe(keccak256(serializedTransaction));
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a changed byte, or reads what viem reads', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyTransaction, fc.nat(), fc.integer({ min: 1, max: 255 }), (tx, position, mask) => {
        const bytes = hexToBytes(serializeTransaction(tx));
        const index = position % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        let payload: DecodedPayload;
        try {
          payload = decode('transaction', toHex(bytes));
        } catch {
          return;
        }
        const read = readByViem(toHex(bytes));
        fc.pre(read !== undefined);
        expect(fieldsOf(payload)).toEqual(fieldsOfViem(read));
        expect(digestOf(payload)).toBe(keccak256(toHex(bytes)));
        compared++;
      }),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('refuses bytes after the end, cut transactions and signed ones', () => {
    fc.assert(
      fc.property(anyTransaction, fc.nat(), (tx, cut) => {
        const bytes = serializeTransaction(tx);
        const signed = assembled(decode('transaction', bytes)).signedData ?? '0x';
        expect(refusal('transaction', `${bytes}00`)).toMatch(/after its end/);
        expect(refusal('transaction', bytes.slice(0, 2 + 2 * (cut % ((bytes.length - 2) / 2))))).toMatch(/./);
        expect(refusal('transaction', signed)).toBe('transaction is already signed; send it without signature.');
      }),
    );
  });

  it.each<[string, Hex, RegExp]>([
    [
      'a length in long form',
      '0xf82c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
      /not valid RLP/,
    ],
    [
      'a single byte with a length',
      '0xed81098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
      /not valid RLP/,
    ],
    [
      'a number with a leading zero',
      '0xee8200098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
      /nonce is a number with a leading zero/,
    ],
    [
      'zero as a byte',
      '0xec008504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
      /nonce is a number with a leading zero/,
    ],
    [
      'an address of 19 bytes',
      '0xeb098504a817c8008252089335353535353535353535353535353535353535880de0b6b3a764000080018080',
      /to must have 20 bytes/,
    ],
    [
      'chain id 0',
      '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080808080',
      /chainId must be from 1/,
    ],
    ['too few fields', '0xc3010203', /6 fields, not 3/],
    [
      'a list in the place of a number',
      '0xecc08504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
      /nonce must be a byte string/,
    ],
    ['blobs', '0x03c0', /type 3 \(blobs\)/],
    ['an unknown type', '0x05c0', /type 1, 2 or 4/],
    ['type 0 as an envelope', '0x00c0', /type 1, 2 or 4/],
    ['a byte string', '0x0180', /RLP list/],
    ['nothing', '0x', /empty/],
  ])('refuses %s', (_name, bytes, reason) => {
    expect(refusal('transaction', bytes)).toMatch(reason);
  });

  it('refuses a tip above the fee, and a set-code transaction without recipient or authorization', () => {
    // [1, 0, tip 2, fee 1, gas 0, no recipient, 0, no data, []]; then [1, 0, 0, 1, 0, no recipient, 0, no data, [], []].
    expect(refusal('transaction', '0x02c90180020180808080c0')).toBe(
      'maxPriorityFeePerGas must not exceed maxFeePerGas.',
    );
    expect(refusal('transaction', '0x04ca0180800180808080c0c0')).toMatch(/to is missing/);
    expect(refusal('transaction', `0x04de018080018094${'11'.repeat(20)}8080c0c0`)).toMatch(
      /authorizationList must have 1/,
    );
  });

  it('refuses more than it can show: data, lists, depth', () => {
    const tx = { type: 'eip1559', chainId: 1, to: `0x${'11'.repeat(20)}`, maxFeePerGas: 1n } as const;
    const bigData = serializeTransaction({ ...tx, data: `0x${'00'.repeat(131_073)}` });
    expect(refusal('transaction', bigData)).toMatch(/data has more than 131072 bytes/);
    expect(
      viewOf(decode('transaction', serializeTransaction({ ...tx, data: `0x${'00'.repeat(131_072)}` }))).complete,
    ).toBe(false);
    const entry = { address: `0x${'22'.repeat(20)}`, storageKeys: [`0x${'33'.repeat(32)}`] } as const;
    const list = Array.from({ length: 501 }, () => entry);
    expect(refusal('transaction', serializeTransaction({ ...tx, accessList: list }))).toMatch(/accessList has 1002/);
    expect(decode('transaction', serializeTransaction({ ...tx, accessList: list.slice(1) })).parts).toHaveLength(1);
    expect(refusal('transaction', 'c0'.repeat(300_000))).toMatch(/more than 196608 bytes/);
    expect(refusal('transaction', nested(50_000))).toMatch(/not valid RLP/);
  });

  it('refuses another network than the one in the bytes, and a network that is no chain id', () => {
    expect(refusal('transaction', EIP_155.unsigned, '137')).toMatch(/is 1, but the request is for .* 137/);
    expect(refusal('transaction', EIP_155.unsigned, 'Ethereum')).toMatch(/chain id in decimal/);
    expect(refusal('transaction', EIP_155.unsigned, '01')).toMatch(/chain id in decimal/);
  });

  it('warns of a transaction that is valid on every chain', () => {
    const bytes = serializeTransaction({ type: 'legacy', to: `0x${'11'.repeat(20)}`, gasPrice: 1n, value: 5n });
    const view = viewOf(decode('transaction', bytes, '1'));
    expect(view.network).toBeUndefined();
    expect(view.warnings).toEqual(['The signature is valid on every chain (no EIP-155 chain id).']);
  });

  it('assembles from one signature of 64 bytes with its recovery id, and from nothing else', () => {
    const payload = decode('transaction', EIP_155.unsigned);
    const bytes = new Uint8Array(64).fill(1);
    expect(() => payload.assemble([])).toThrow(RangeError);
    expect(() =>
      payload.assemble([
        { bytes, recoveryId: 0 },
        { bytes, recoveryId: 0 },
      ]),
    ).toThrow(RangeError);
    expect(() => payload.assemble([{ bytes, recoveryId: undefined }])).toThrow(RangeError);
    expect(() => payload.assemble([{ bytes, recoveryId: 2 }])).toThrow(RangeError);
    expect(() => payload.assemble([{ bytes: bytes.subarray(1), recoveryId: 0 }])).toThrow(RangeError);
  });

  it('writes r and s without leading zeros into the transaction', async () => {
    const payload = decode('transaction', EIP_155.unsigned);
    const bytes = new Uint8Array(64).fill(7);
    bytes[0] = 0;
    bytes[32] = 0;
    bytes[33] = 0;
    const { signedData, encoded } = payload.assemble([{ bytes, recoveryId: 1 }]);
    const read = parseTransaction(toHex(signedData ?? new Uint8Array()));
    expect(BigInt(read.r ?? 0)).toBe(BigInt(toHex(bytes.subarray(0, 32))));
    expect(BigInt(read.s ?? 0)).toBe(BigInt(toHex(bytes.subarray(32))));
    expect(read.yParity).toBe(1);
    expect(encoded[0]).toEqual(Uint8Array.of(...bytes, 28));
    expect(toHex(signedData ?? new Uint8Array())).toContain(`9f${'07'.repeat(31)}9e${'07'.repeat(30)}`);
  });
});

/** Undefined where viem can't: nonces above 2^53 don't fit its numbers. */
function readByViem(bytes: Hex): TransactionSerializable | undefined {
  try {
    return parseTransaction(bytes);
  } catch (error) {
    if (error instanceof Error && error.name === 'IntegerOutOfRangeError') {
      return undefined;
    }
    throw error;
  }
}

/** Lists in lists. */
function nested(depth: number): string {
  let encoded = 'c0';
  for (let length = 1; length < depth; length = encoded.length / 2) {
    const size = length.toString(16);
    const padded = size.length % 2 === 0 ? size : `0${size}`;
    encoded = (length < 56 ? (0xc0 + length).toString(16) : (0xf7 + padded.length / 2).toString(16) + padded) + encoded;
  }
  return encoded;
}
