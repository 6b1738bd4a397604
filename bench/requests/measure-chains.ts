/** How long it takes to decode a payload of a chain and to put a signature into it, in this process, on one core. */

import type { ChainKey, ChainPayload, DecodedPayload, JsonValue, RawSignature } from '@countersign/chains/chain';
import { loadChain } from '@countersign/chains/registry';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  encodeFunctionData,
  erc20Abi,
  type Hex,
  hashMessage,
  hashTypedData,
  keccak256,
  parseTransaction,
  serializeTransaction,
  type TransactionSerializableEIP1559,
} from 'viem';
import type { ChainRow } from './requests-results.ts';

const RECIPIENT = '0x2222222222222222222222222222222222222222';
const TOKEN = '0x1111111111111111111111111111111111111111';
const WARM_UP_SHARE = 0.5;
const CHUNK = 50;

interface ChainCase {
  readonly name: string;
  readonly format: string;
  readonly content: JsonValue;
  /** What viem needs for the same digest, and the signed form where there is one. */
  readonly viem: (() => void) | undefined;
}

export async function measureChains(seconds: number): Promise<readonly ChainRow[]> {
  const chain = await loadChain('evm');
  if (chain === undefined) throw new Error('evm is gone');
  const secret = secp256k1.utils.randomSecretKey();
  const key: ChainKey = { algorithm: 'ecdsa-secp256k1', publicKey: secp256k1.getPublicKey(secret, false) };
  return casesOf().map(({ name, format, content, viem }) => {
    const payload: ChainPayload = { chain: 'evm', format, network: '1', content };
    const decode = (): DecodedPayload => {
      const decoding = chain.decode(payload, key);
      if (!decoding.ok) throw new Error(`${name}: ${decoding.reason}`);
      return decoding.value;
    };
    const decoded = decode();
    const signature = signatureOf(decoded, secret);
    return {
      payload: name,
      decodeMicroseconds: timeOf(decode, seconds),
      assembleMicroseconds: timeOf(() => decoded.assemble([signature]), seconds),
      viemMicroseconds: viem === undefined ? undefined : timeOf(viem, seconds),
    };
  });
}

function signatureOf({ parts }: DecodedPayload, secret: Uint8Array): RawSignature {
  const [part] = parts;
  if (part === undefined) throw new Error('nothing to sign');
  const recovered = secp256k1.sign(part.bytes, secret, { prehash: false, format: 'recovered' });
  return { bytes: recovered.slice(1), recoveryId: recovered[0] };
}

/** Mean microseconds of one call. */
function timeOf(call: () => unknown, seconds: number): number {
  runFor(call, seconds * WARM_UP_SHARE);
  return runFor(call, seconds);
}

function runFor(call: () => unknown, seconds: number): number {
  const startMs = performance.now();
  const stopMs = startMs + seconds * 1000;
  let calls = 0;
  let nowMs = startMs;
  for (; nowMs < stopMs; nowMs = performance.now()) {
    for (let index = 0; index < CHUNK; index++) call();
    calls += CHUNK;
  }
  return (1000 * (nowMs - startMs)) / calls;
}

function casesOf(): readonly ChainCase[] {
  const transaction: TransactionSerializableEIP1559 = {
    type: 'eip1559',
    chainId: 1,
    nonce: 7,
    to: TOKEN,
    value: 0n,
    gas: 90_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [RECIPIENT, 1_000_000n] }),
  };
  const unsigned = serializeTransaction(transaction);
  const signature = { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, yParity: 0 } as const;
  const json: JsonValue = {
    type: 2,
    chainId: 1,
    nonce: 7,
    to: TOKEN,
    value: '0',
    gasLimit: '90000',
    maxFeePerGas: '30000000000',
    maxPriorityFeePerGas: '1000000000',
    data: transaction.data ?? '0x',
  };
  const permit = {
    domain: { name: 'Token', version: '1', chainId: 1, verifyingContract: TOKEN },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner: TOKEN, spender: RECIPIENT, value: '1000000', nonce: '0', deadline: '1900000000' },
  } as const;
  const text: Hex = '0x49206167726565';
  return [
    {
      name: 'transaction of type 2 as hexadecimal, token transfer',
      format: 'transaction',
      content: unsigned,
      viem: () => {
        const parsed = parseTransaction(unsigned) as TransactionSerializableEIP1559;
        keccak256(serializeTransaction(parsed));
        serializeTransaction(parsed, signature);
      },
    },
    {
      name: 'transaction of type 2 as JSON, token transfer',
      format: 'transaction',
      content: json,
      viem: () => {
        keccak256(serializeTransaction(transaction));
        serializeTransaction(transaction, signature);
      },
    },
    {
      name: 'typed data: Permit',
      format: 'typed-data',
      content: permit,
      viem: () => hashTypedData({ ...permit, message: PERMIT_FOR_VIEM }),
    },
    {
      name: 'personal message',
      format: 'personal-message',
      content: text,
      viem: () => hashMessage({ raw: text }),
    },
  ];
}

const PERMIT_FOR_VIEM = {
  owner: TOKEN,
  spender: RECIPIENT,
  value: 1_000_000n,
  nonce: 0n,
  deadline: 1_900_000_000n,
} as const;
