/** Rules that look at what is signed, as the product's own client meets them: recipients, amounts, limits over time. */
import { encodeFunctionData, erc20Abi, maxUint256, serializeTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addServiceAccount,
  callRaw,
  clientOf,
  type DfnsApiClient,
  type Holder,
  proveAction,
  refusal,
  SDK_VERSIONS,
} from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';

const FRIEND = '0x00000000000000000000000000000000000000aa';
const STRANGER = '0x00000000000000000000000000000000000000bb';
const TOKEN = '0x00000000000000000000000000000000000000cc';
const ETHER = 10n ** 18n;
const MINUTE_MS = 60_000;

let service: DfnsService;
let holder: Holder;
let client: DfnsApiClient;

beforeAll(async () => {
  // One whole coin of chain 1 is worth 1,000 dollars; nothing else has a price.
  service = await startDfnsService({
    prices: {
      valueUsdMicros: (_chain, network, asset, amount) =>
        network === '1' && asset.kind === 'native' ? (amount * 1_000_000_000n + ETHER - 1n) / ETHER : undefined,
    },
  });
  holder = await addServiceAccount(service.url, service.apiKey);
  const version = SDK_VERSIONS.at(-1);
  if (version === undefined) throw new Error('no version of the client');
  client = clientOf(service.url, holder, version);
}, 60_000);

afterAll(() => service?.close());

type PolicyBody = Parameters<DfnsApiClient['policies']['createPolicy']>[0]['body'];

/** A key of its own with a policy on it, so that the cases don't meet. */
async function keyWith(rule: unknown): Promise<string> {
  const { id } = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  await client.policies.createPolicy({
    body: {
      name: 'content',
      activityKind: 'Wallets:Sign',
      rule,
      action: { kind: 'Block' },
      filters: { keyId: { in: [id] } },
    } as unknown as PolicyBody,
  });
  return id;
}

const payment = (to: string, wei: bigint, chainId = 1, data?: string): Readonly<Record<string, unknown>> => ({
  type: 2,
  chainId,
  nonce: 1,
  to,
  value: String(wei),
  gasLimit: '100000',
  maxFeePerGas: '1000000000',
  maxPriorityFeePerGas: '1',
  ...(data !== undefined && { data }),
});

/** The same payment as the serialized transaction that a wallet would hand over. */
const serialized = (to: string, wei: bigint): string =>
  serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    nonce: 1,
    to: to as `0x${string}`,
    value: wei,
    gas: 100_000n,
    maxFeePerGas: 1_000_000_000n,
    maxPriorityFeePerGas: 1n,
  });

async function sign(keyId: string, body: unknown): Promise<string> {
  return (await client.keys.generateSignature({ keyId, body: body as never })).status;
}

const transaction = (content: unknown): unknown => ({
  kind: 'Transaction',
  blockchainKind: 'Evm',
  transaction: content,
});
const permit = (value: bigint): unknown => ({
  kind: 'Eip712',
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  domain: { name: 'Token', version: '1', chainId: 1, verifyingContract: TOKEN },
  message: { owner: STRANGER, spender: STRANGER, value: String(value), nonce: '0', deadline: '99999999999' },
});

describe('a whitelist of recipients', () => {
  let keyId: string;
  beforeAll(async () => {
    keyId = await keyWith({ kind: 'TransactionRecipientWhitelist', configuration: { addresses: [FRIEND, TOKEN] } });
  });

  it('judges a payment by its recipient, in every encoding', async () => {
    expect(await sign(keyId, transaction(payment(FRIEND, 1n)))).toBe('Signed');
    expect(await sign(keyId, transaction(serialized(FRIEND, 1n)))).toBe('Signed');
    expect(await sign(keyId, transaction(payment(STRANGER, 1n)))).toBe('Rejected');
    expect(await sign(keyId, transaction(serialized(STRANGER, 1n)))).toBe('Rejected');
  });

  it('sees who gets the tokens, and not only the contract that is called', async () => {
    const call = (to: string): string =>
      encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to as `0x${string}`, 5n] });
    expect(await sign(keyId, transaction(payment(TOKEN, 0n, 1, call(FRIEND))))).toBe('Signed');
    expect(await sign(keyId, transaction(payment(TOKEN, 0n, 1, call(STRANGER))))).toBe('Rejected');
    const approve = encodeFunctionData({
      abi: erc20Abi,
      functionName: 'approve',
      args: [STRANGER, maxUint256],
    });
    expect(await sign(keyId, transaction(payment(TOKEN, 0n, 1, approve)))).toBe('Rejected');
  });

  it('lets nothing through that it cannot read', async () => {
    expect(await sign(keyId, transaction(payment(TOKEN, 0n, 1, '0xdeadbeef')))).toBe('Rejected');
    expect(await sign(keyId, { kind: 'Hash', hash: `0x${'11'.repeat(32)}` })).toBe('Rejected');
    expect(await sign(keyId, { kind: 'Eip191', message: '0x68' })).toBe('Rejected');
    expect(await sign(keyId, permit(1n))).toBe('Rejected');
  });
});

describe('a limit of amounts', () => {
  let keyId: string;
  beforeAll(async () => {
    keyId = await keyWith({ kind: 'TransactionAmountLimit', configuration: { limit: 1000, currency: 'USD' } });
  });

  it('holds to the millionth of a dollar', async () => {
    expect(await sign(keyId, transaction(payment(STRANGER, ETHER)))).toBe('Signed');
    expect(await sign(keyId, transaction(payment(STRANGER, ETHER + 1n)))).toBe('Rejected');
    expect(await sign(keyId, transaction(serialized(STRANGER, ETHER + 1n)))).toBe('Rejected');
  });

  it('lets nothing through that has no price', async () => {
    expect(await sign(keyId, transaction(payment(STRANGER, 1n, 5)))).toBe('Rejected');
    const call = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [FRIEND, 1n] });
    expect(await sign(keyId, transaction(payment(TOKEN, 0n, 1, call)))).toBe('Rejected');
  });
});

describe('a limit of amounts over time', () => {
  const rule = { kind: 'TransactionAmountVelocity', configuration: { limit: 1000, currency: 'USD', timeframe: 60 } };
  const part = (4n * ETHER) / 10n;

  it('counts what was signed, and forgets it when its time is over', async () => {
    const keyId = await keyWith(rule);
    expect(await sign(keyId, transaction(payment(STRANGER, part)))).toBe('Signed');
    expect(await sign(keyId, transaction(payment(STRANGER, part)))).toBe('Signed');
    expect(await sign(keyId, transaction(payment(STRANGER, part)))).toBe('Rejected');
    service.advance(61 * MINUTE_MS);
    expect(await sign(keyId, transaction(payment(STRANGER, part)))).toBe('Signed');
  });

  it('lets the items of one request see each other', async () => {
    const keyId = await keyWith(rule);
    const path = '/api/v1/requests';
    const items = [1, 2, 3].map((nonce) => ({
      keyId,
      payload: { chain: 'evm', format: 'transaction', content: { ...payment(STRANGER, part), nonce } },
    }));
    const body = JSON.stringify({ items });
    const userAction = await proveAction(service.url, holder, { method: 'POST', path, body });
    const answer = await callRaw(service.url, {
      method: 'POST',
      path,
      body,
      token: holder.accessToken,
      headers: { 'x-countersign-user-action': userAction },
    });
    const results = answer.body['results'] as readonly { readonly request: { readonly status: string } }[];
    expect(results.map(({ request }) => request.status).sort()).toEqual(['rejected', 'signed', 'signed']);
  });
});

it('who may not sign blindly is refused what no rule can read, on every key of an account with such rules', async () => {
  await keyWith({ kind: 'TransactionRecipientWhitelist', configuration: { addresses: [FRIEND] } });
  const operations = ['Keys:Create', 'Keys:Read', 'Keys:Signatures:Create', 'Keys:Signatures:Read'];
  const limited = await addServiceAccount(service.url, service.apiKey, { operations });
  const version = SDK_VERSIONS.at(-1);
  if (version === undefined) throw new Error('no version of the client');
  const limitedClient = clientOf(service.url, limited, version);
  const { id: keyId } = await limitedClient.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  const blind = { kind: 'Hash', hash: `0x${'11'.repeat(32)}` } as const;
  expect(await refusal(limitedClient.keys.generateSignature({ keyId, body: blind }))).toMatchObject({
    httpStatus: 403,
  });
  const readable = transaction(payment(STRANGER, 1n)) as never;
  expect((await limitedClient.keys.generateSignature({ keyId, body: readable })).status).toBe('Signed');
});

it('a signed request becomes confirmed when somebody reports that its chain has it', async () => {
  const { id: keyId } = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  const signed = await client.keys.generateSignature({ keyId, body: transaction(payment(FRIEND, 1n)) as never });
  const path = `/api/v1/requests/${signed.id}/confirmation`;
  const report = { transactionHash: `0x${'ab'.repeat(32)}`, network: 'Ethereum', fee: '21000' };
  const confirm = async (body: unknown): Promise<number> => {
    const json = JSON.stringify(body);
    const userAction = await proveAction(service.url, holder, { method: 'POST', path, body: json });
    const headers = { 'x-countersign-user-action': userAction };
    return (await callRaw(service.url, { method: 'POST', path, body: json, token: holder.accessToken, headers }))
      .status;
  };
  expect(await confirm(report)).toBe(200);
  const confirmed = await client.keys.getSignature({ keyId, signatureId: signed.id });
  expect(confirmed).toMatchObject({
    status: 'Confirmed',
    network: 'Ethereum',
    txHash: report.transactionHash,
    fee: report.fee,
    signature: signed.signature,
    signedData: signed.signedData,
  });
  expect(Date.parse(confirmed.dateConfirmed ?? '')).not.toBeNaN();
  expect(await confirm(report)).toBe(200);
  expect(await confirm({ ...report, transactionHash: '0x01' })).toBe(409);
});
