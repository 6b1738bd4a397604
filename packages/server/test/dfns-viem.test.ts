/**
 * The product's published library for viem, as it is, on a wallet of this service: what it signs is what its old viem and
 * today's viem both take for the wallet's.
 */
import { randomBytes } from 'node:crypto';
import { DfnsWallet, type DfnsWalletOptions } from '@dfns/lib-viem';
import { getAddress, parseTransaction, recoverTransactionAddress, verifyMessage, verifyTypedData } from 'viem';
import { type LocalAccount, toAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addServiceAccount, clientOf, type DfnsApiClient, type Holder, refusal, SDK_VERSIONS } from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';
import { addressOfKey, bytesOf, verifiesEcdsa } from './independent-verification.ts';

let service: DfnsService;
let account: Holder;

beforeAll(async () => {
  service = await startDfnsService();
  account = await addServiceAccount(service.url, service.apiKey);
}, 60_000);

afterAll(() => service?.close());

const TO = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const TYPED_DATA = {
  domain: { name: 'Ether Mail', version: '1', chainId: 11155111, verifyingContract: TO },
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  message: { from: { name: 'Cow', wallet: TO }, contents: 'Hello, Bob!' },
} as const;

type TransactionSerializable = Parameters<DfnsWallet['signTransaction']>[0];
type Serialized = Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction'];

const TRANSACTIONS = [
  { type: 'legacy', chainId: 11155111, nonce: 0, to: TO, value: 1n, gas: 21000n, gasPrice: 7n },
  { type: 'eip2930', chainId: 11155111, nonce: 1, to: TO, value: 2n, gas: 21000n, gasPrice: 7n, accessList: [] },
  {
    type: 'eip1559',
    chainId: 11155111,
    nonce: 2,
    to: TO,
    value: 3n,
    gas: 50000n,
    maxFeePerGas: 9n,
    maxPriorityFeePerGas: 1n,
    data: '0xa9059cbb',
  },
] as const;

describe.each(SDK_VERSIONS)('with $name', (version) => {
  let client: DfnsApiClient;
  beforeAll(() => {
    client = clientOf(service.url, account, version);
  });

  const walletOf = (walletId: string): Promise<DfnsWallet> =>
    DfnsWallet.init({ walletId, dfnsClient: client as unknown as DfnsWalletOptions['dfnsClient'] });

  // On a network the service decodes what it signs; a wallet that is a key and nothing else gets hashes.
  it.each(['EthereumSepolia', 'KeyECDSA'] as const)(
    'signs for a wallet on %s as an account of viem does',
    async (network) => {
      const wallet = await client.wallets.createWallet({ body: { network, name: 'treasury', tags: ['cold'] } });
      expect(wallet).toMatchObject({ network, name: 'treasury', tags: ['cold'], status: 'Active', custodial: true });
      const { publicKey } = wallet.signingKey;
      if (network === 'EthereumSepolia') expect(wallet.address).toBe(addressOfKey(publicKey).toLowerCase());
      else expect(wallet).not.toHaveProperty('address');
      const viem = await walletOf(wallet.id);
      if (network === 'EthereumSepolia') expect(viem.address).toBe(getAddress(addressOfKey(publicKey)));
      const address = addressOfKey(publicKey);

      for (const message of [
        'hello world',
        '',
        { raw: '0xdeadbeef' },
        { raw: new Uint8Array(randomBytes(300)) },
      ] as const)
        expect(await verifyMessage({ address, message, signature: await viem.signMessage({ message }) })).toBe(true);
      const signature = await viem.signTypedData(TYPED_DATA);
      expect(await verifyTypedData({ ...TYPED_DATA, address, signature })).toBe(true);

      for (const transaction of TRANSACTIONS) {
        const signed = await viem.signTransaction(transaction as unknown as TransactionSerializable);
        const serializedTransaction = signed as Serialized;
        expect(await recoverTransactionAddress({ serializedTransaction })).toBe(address);
        const { to, value, nonce } = transaction;
        expect(parseTransaction(serializedTransaction)).toMatchObject({
          to: to.toLowerCase(),
          value,
          ...(nonce > 0 && { nonce }),
        });
      }
      const { items } = await client.wallets.listSignatures({ walletId: wallet.id });
      expect(items).toHaveLength(8);
      expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['Signed']));
      const kinds = new Set(items.map(({ requestBody }) => (requestBody as { readonly kind: string }).kind));
      expect(kinds).toEqual(new Set(network === 'KeyECDSA' ? ['Hash'] : ['Message', 'Hash', 'Transaction']));
    },
  );

  it("makes an account for today's viem", async () => {
    const { id } = await client.wallets.createWallet({ body: { network: 'Ethereum' } });
    // Its methods are bound for this: the types are its old viem's.
    const local = toAccount((await walletOf(id)) as unknown as Parameters<typeof toAccount>[0]) as LocalAccount;
    const { address } = local;
    const message = 'from an account';
    expect(await verifyMessage({ address, message, signature: await local.signMessage({ message }) })).toBe(true);
    expect(await verifyTypedData({ ...TYPED_DATA, address, signature: await local.signTypedData(TYPED_DATA) })).toBe(
      true,
    );
  });

  it('throws what it documents when a policy asks people first, and when one blocks', async () => {
    const wallet = await client.wallets.createWallet({ body: { network: 'EthereumSepolia' } });
    const approver = await addServiceAccount(service.url, service.apiKey);
    const group = { quorum: 1, approvers: { userId: { in: [approver.userId] } }, serviceAccountsCanApprove: true };
    const viem = await walletOf(wallet.id);
    const policies: string[] = [];
    for (const action of [{ kind: 'RequestApproval', approvalGroups: [group] }, { kind: 'Block' }] as const) {
      const policy = await client.policies.createPolicy({
        body: {
          name: `${action.kind}`,
          activityKind: 'Wallets:Sign',
          rule: { kind: 'AlwaysTrigger', configuration: {} },
          action,
          filters: { walletId: { in: [wallet.id] } },
        } as unknown as Parameters<DfnsApiClient['policies']['createPolicy']>[0]['body'],
      });
      policies.push(policy.id);
      const calls = [
        () => viem.signMessage({ message: 'm' }),
        () => viem.signTypedData(TYPED_DATA),
        () => viem.signTransaction(TRANSACTIONS[2] as unknown as TransactionSerializable),
      ];
      for (const call of calls) {
        const error = await refusal(call());
        expect(error).toMatchObject({ httpStatus: -1, message: expect.stringContaining('policy approval') as string });
        expect(error.context).toMatchObject({ status: action.kind === 'Block' ? 'Rejected' : 'Pending' });
      }
    }
    const { items } = await client.wallets.listSignatures({ walletId: wallet.id });
    expect(items.filter(({ signature }) => signature !== undefined)).toEqual([]);
    const [pending] = items.filter(({ status }) => status === 'Pending');
    await client.policies.archivePolicy({ policyId: policies[1] ?? '' });
    await clientOf(service.url, approver, version).policies.createApprovalDecision({
      approvalId: pending?.approvalId ?? '',
      body: { value: 'Approved' },
    });
    const signed = await client.wallets.getSignature({ walletId: wallet.id, signatureId: pending?.id ?? '' });
    expect(signed.status).toBe('Signed');
  });

  it('shows wallets with their keys, by page and by externalId', async () => {
    const externalId = randomBytes(8).toString('hex');
    const body = { network: 'EthereumSepolia', externalId, name: 'one' } as const;
    const wallet = await client.wallets.createWallet({ body });
    expect((await client.wallets.createWallet({ body })).id).toBe(wallet.id);
    const conflict = await refusal(client.wallets.createWallet({ body: { ...body, name: 'two' } }));
    expect(conflict.httpStatus).toBe(409);
    expect(conflict.context).toMatchObject({ body: { error: { details: { duplicate: { id: wallet.id } } } } });
    const key = await client.keys.getKey({ keyId: wallet.signingKey.id });
    expect(key.wallets).toEqual([{ id: wallet.id, network: 'EthereumSepolia' }]);

    const other = await client.wallets.createWallet({ body: { network: 'Polygon', signingKey: { id: key.id } } });
    expect([other.signingKey.id, other.address]).toEqual([key.id, wallet.address]);
    const ids: string[] = [];
    let paginationToken: string | undefined;
    do {
      const query = { limit: 2, ...(paginationToken !== undefined && { paginationToken }) };
      const page = await client.wallets.listWallets({ query });
      ids.push(...page.items.map(({ id }) => id));
      paginationToken = page.nextPageToken;
    } while (paginationToken !== undefined);
    expect(ids).toEqual(expect.arrayContaining([wallet.id, other.id]));
    expect(new Set(ids).size).toBe(ids.length);

    const hash = `0x${randomBytes(32).toString('hex')}`;
    const { signature } = await client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Hash', hash } });
    expect(verifiesEcdsa(key.publicKey, signature ?? { r: '', s: '' }, bytesOf(hash))).toBe(true);
    expect(signature?.encoded).toMatch(/^0x[0-9a-f]{128}(1b|1c)$/);
    const wrong = await refusal(
      client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Hash', hash, network: 'Polygon' } }),
    );
    expect(wrong).toMatchObject({ httpStatus: 400, message: expect.stringContaining('EthereumSepolia') as string });
  });
});
