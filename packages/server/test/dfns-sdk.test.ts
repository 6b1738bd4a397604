/**
 * The unmodified client of the product, in both versions and with every kind of credential, against a real
 * `countersign serve`: keys and signatures, each verified by a library that had no part in making it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Hex,
  hashTypedData,
  keccak256,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  serializeTransaction,
  type TransactionSerializable,
} from 'viem';
import { recoverAuthorizationAddress } from 'viem/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addServiceAccount,
  CREDENTIAL_KEYS,
  type CredentialKeyKind,
  clientOf,
  type DfnsApiClient,
  type Holder,
  refusal,
  SDK_VERSIONS,
} from './dfns-client.ts';
import {
  addressOfKey,
  bytesOf,
  type IndependentVerifier,
  verifiesEcdsa,
  verifiesEd25519,
  verifiesStark,
  verifiesTaproot,
} from './independent-verification.ts';
import { type RunningService, startService } from './running-service.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'countersign-dfns-sdk-'));
let service: RunningService;
let account: Holder;

beforeAll(async () => {
  service = await startService(dataDir);
  account = await addServiceAccount(service.url, service.apiKey);
}, 60_000);

afterAll(async () => {
  await service?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

type NewKey = Parameters<DfnsApiClient['keys']['createKey']>[0]['body'];
type NewSignature = Parameters<DfnsApiClient['keys']['generateSignature']>[0]['body'];
type Key = Awaited<ReturnType<DfnsApiClient['keys']['createKey']>>;
type Signature = Awaited<ReturnType<DfnsApiClient['keys']['generateSignature']>>;

const ROOT = randomBytes(32);
const WITH_ROOT = `0x${ROOT.toString('hex')}`;

/** A 32-byte hash that is below 2^251, so that every scheme signs it. */
function smallHash(): string {
  return `0x00${randomBytes(31).toString('hex')}`;
}

interface Pair {
  readonly words: Pick<NewKey, 'scheme' | 'curve'>;
  readonly publicKeyLength: number;
  readonly verifies: IndependentVerifier;
  readonly more?: { readonly taprootMerkleRoot: string };
}

const PAIRS: readonly Pair[] = [
  { words: { scheme: 'ECDSA', curve: 'secp256k1' }, publicKeyLength: 66, verifies: verifiesEcdsa },
  { words: { scheme: 'ECDSA', curve: 'stark' }, publicKeyLength: 66, verifies: verifiesStark },
  { words: { scheme: 'EdDSA', curve: 'ed25519' }, publicKeyLength: 64, verifies: verifiesEd25519 },
  {
    words: { scheme: 'Schnorr', curve: 'secp256k1' },
    publicKeyLength: 64,
    verifies: verifiesTaproot(new Uint8Array(0)),
    more: { taprootMerkleRoot: '' },
  },
  {
    words: { scheme: 'Schnorr', curve: 'secp256k1' },
    publicKeyLength: 64,
    verifies: verifiesTaproot(ROOT),
    more: { taprootMerkleRoot: WITH_ROOT },
  },
];

describe.each(SDK_VERSIONS)('$name', (version) => {
  let client: DfnsApiClient;
  let key: Key;
  beforeAll(async () => {
    client = clientOf(service.url, account, version);
    key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', name: `${version.name} k1` } });
  });

  const sign = async (
    body: NewSignature,
    keyId = key.id,
  ): Promise<Signature & { signature: NonNullable<Signature['signature']> }> => {
    const request = await client.keys.generateSignature({ keyId, body });
    expect(request).toMatchObject({ status: 'Signed', keyId, requestBody: body });
    if (request.signature === undefined) throw new Error('no signature');
    return { ...request, signature: request.signature };
  };

  it.each(Object.keys(CREDENTIAL_KEYS) as CredentialKeyKind[])('is let in with a credential of %s', async (kind) => {
    const holder = await addServiceAccount(service.url, service.apiKey, { key: kind });
    // What is signed is the body to the byte, whatever JSON has to escape.
    const name = `Schlüssel 鍵 " \\ ${version.name} ${kind}`;
    const created = await clientOf(service.url, holder, version).keys.createKey({
      body: { scheme: 'EdDSA', curve: 'ed25519', name },
    });
    expect(created.name).toBe(name);
  });

  it.each(PAIRS)('makes keys and signs hashes: $words.scheme $words.curve $more.taprootMerkleRoot', async (pair) => {
    const name = randomBytes(8).toString('hex');
    const made = await client.keys.createKey({ body: { ...pair.words, name } });
    expect(made).toMatchObject({ ...pair.words, name, status: 'Active', custodial: true });
    expect(made.id).toMatch(/^key-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/);
    expect(made.publicKey).toMatch(/^[0-9a-f]+$/);
    expect(made.publicKey).toHaveLength(pair.publicKeyLength);
    const hash = smallHash();
    const { signature } = await sign({ kind: 'Hash', hash, ...pair.more }, made.id);
    expect(pair.verifies(made.publicKey, signature, bytesOf(hash))).toBe(true);
    expect(pair.verifies(made.publicKey, signature, bytesOf(smallHash()))).toBe(false);
  });

  it('derives from Diffie-Hellman keys, the same from the same', async () => {
    const { id } = await client.keys.createKey({ body: { scheme: 'DH', curve: 'secp256k1' } });
    const derive = async (domain: string, seed: string): Promise<string> =>
      (await client.keys.deriveKey({ keyId: id, body: { domain, seed } })).output;
    const output = await derive('0x01', '0x02');
    expect(output).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await derive('0x01', '0x02')).toBe(output);
    expect(await derive('0x02', '0x02')).not.toBe(output);
    expect(await derive('0x01', '0x03')).not.toBe(output);
    const refused = await refusal(
      client.keys.generateSignature({ keyId: id, body: { kind: 'Hash', hash: smallHash() } }),
    );
    expect(refused).toMatchObject({ httpStatus: 403, message: expect.stringContaining('derive') as string });
  });

  it.each(PAIRS.filter(({ words, more }) => words.curve !== 'stark' && more?.taprootMerkleRoot !== WITH_ROOT))(
    'derives children of $words.scheme $words.curve by path, given or made, that sign',
    async ({ words, verifies, more }) => {
      const parent = await client.keys.createKey({ body: { ...words, masterKey: true } });
      expect(parent.masterKey).toBe(true);
      const child = (path?: string): Promise<Key> =>
        client.keys.createKey({
          body: { ...words, deriveFrom: { keyId: parent.id, ...(path !== undefined && { path }) } },
        });
      const given = await child('m/44/60/0/0/0');
      expect(given.derivedFrom).toEqual({ keyId: parent.id, path: 'm/44/60/0/0/0' });
      const made = await child();
      expect(made.derivedFrom?.path).toMatch(/^m(\/(0|[1-9]\d{0,9}))+$/);
      expect(new Set([parent.publicKey, given.publicKey, made.publicKey]).size).toBe(3);
      const again = await refusal(child('m/44/60/0/0/0'));
      expect(again.message).toContain('duplicate derivation path');
      expect(again.httpStatus).toBe(409);
      const hash = smallHash();
      for (const { id, publicKey } of [given, made])
        expect(verifies(publicKey, (await sign({ kind: 'Hash', hash, ...more }, id)).signature, bytesOf(hash))).toBe(
          true,
        );
    },
  );

  it('lists, shows, renames and deletes keys, and names the calls that move them', async () => {
    const made = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
    expect((await client.keys.updateKey({ keyId: made.id, body: { name: `${version.name} renamed` } })).name).toBe(
      `${version.name} renamed`,
    );
    expect(await client.keys.updateKey({ keyId: made.id, body: { name: null } })).not.toHaveProperty('name');
    const shown = await client.keys.getKey({ keyId: made.id });
    expect(shown).toMatchObject({ id: made.id, wallets: [], store: { keyId: made.id } });
    const { items } = await client.signers.listKeyStores();
    expect(items.map(({ id }) => id)).toContain(shown.store.id);

    const ids: string[] = [];
    let paginationToken: string | undefined;
    do {
      const page = await client.keys.listKeys({
        query: { limit: 3, ...(paginationToken !== undefined && { paginationToken }) },
      });
      expect(page.items.length).toBeLessThanOrEqual(3);
      ids.push(...page.items.map(({ id }) => id));
      paginationToken = page.nextPageToken;
    } while (paginationToken !== undefined);
    const { items: all } = await client.keys.listKeys();
    expect(ids).toEqual(all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain(made.id);

    for (const call of [
      client.keys.importKey({
        body: { curve: 'ed25519', protocol: 'FROST', minSigners: 3, encryptedKeyShares: [] },
      } as unknown as Parameters<DfnsApiClient['keys']['importKey']>[0]),
      client.keys.exportKey({ keyId: made.id, body: { encryptionKey: 'AA==', supportedSchemes: [] } }),
    ])
      expect(await refusal(call)).toMatchObject({
        httpStatus: 400,
        message: expect.stringContaining('/api/v1/keys/') as string,
      });

    const deleted = await client.keys.deleteKey({ keyId: made.id });
    expect(deleted).toMatchObject({ id: made.id, status: 'Archived', dateDeleted: expect.any(String) as string });
    const gone = await refusal(
      client.keys.generateSignature({ keyId: made.id, body: { kind: 'Hash', hash: smallHash() } }),
    );
    expect(gone.httpStatus).toBe(404);
  });

  it('signs messages: plain for EdDSA, as EIP-191 for EVM', async () => {
    const message = `0x${Buffer.from('I love signatures').toString('hex')}` as Hex;
    const ed = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
    const { signature } = await sign({ kind: 'Message', message }, ed.id);
    expect(verifiesEd25519(ed.publicKey, signature, bytesOf(message))).toBe(true);
    const address = addressOfKey(key.publicKey);
    // The older version doesn't type Eip191, and passes it through.
    for (const body of [
      { kind: 'Eip191', message },
      { kind: 'Message', message, blockchainKind: 'Evm' },
    ] satisfies NewSignature[]) {
      const { encoded, recid } = (await sign(body)).signature;
      expect(encoded).toMatch(/^0x[0-9a-f]{128}(1b|1c)$/);
      expect(recid).toBe(Number.parseInt(encoded?.slice(-2) ?? '', 16) - 27);
      expect(await recoverMessageAddress({ message: { raw: message }, signature: encoded as Hex })).toBe(address);
    }
    const bare = await refusal(client.keys.generateSignature({ keyId: key.id, body: { kind: 'Message', message } }));
    expect(bare).toMatchObject({ httpStatus: 400, message: expect.stringContaining('blockchainKind') as string });
  });

  it('signs typed data, with the primary type inferred and given', async () => {
    const typed = {
      types: {
        Person: [
          { name: 'name', type: 'string' },
          { name: 'wallet', type: 'address' },
        ],
        Mail: [
          { name: 'from', type: 'Person' },
          { name: 'amount', type: 'uint256' },
        ],
      },
      domain: {
        name: 'Ether Mail',
        version: '1',
        chainId: 1,
        verifyingContract: '0xcccccccccccccccccccccccccccccccccccccccc',
      },
      message: {
        from: { name: 'Cow', wallet: '0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826' },
        amount: '123456789012345678901',
      },
    } as const;
    const expected = {
      ...typed,
      primaryType: 'Mail',
      message: { ...typed.message, amount: 123456789012345678901n },
    } as const;
    const types = { Person: [...typed.types.Person], Mail: [...typed.types.Mail] };
    for (const more of [{}, { primaryType: 'Mail' }]) {
      const { signature } = await sign({ kind: 'Eip712', ...typed, types, ...more });
      expect(await recoverTypedDataAddress({ ...expected, signature: signature.encoded as Hex })).toBe(
        addressOfKey(key.publicKey),
      );
      expect(verifiesEcdsa(key.publicKey, signature, bytesOf(hashTypedData(expected)))).toBe(true);
    }
  });

  it('signs EIP-7702 authorizations, and transactions of types 0, 1, 2 and 4 as JSON and as hexadecimal', async () => {
    const address = '0x00000000000000000000000000000000000000aa';
    const from = addressOfKey(key.publicKey);
    const authorization = { address, chainId: 11155111, nonce: 7 } as const;
    const { signature } = await sign({ kind: 'Eip7702', ...authorization });
    const recovered = await recoverAuthorizationAddress({ authorization, signature: signature.encoded as Hex });
    expect(recovered).toBe(from);

    const common = { chainId: 11155111, nonce: 3, to: address, value: '1000', gasLimit: '21000', data: '0x' } as const;
    const fees = { maxFeePerGas: '2000000000', maxPriorityFeePerGas: '1' };
    const accessList = [{ address, storageKeys: [`0x${'11'.repeat(32)}`] }];
    const authorizationList = [{ ...authorization, signature: signature.encoded }];
    const transactions = [
      { type: 0, ...common, gasPrice: '5' },
      { type: 1, ...common, gasPrice: '5', accessList },
      { type: 2, ...common, ...fees },
      { type: 4, ...common, ...fees, authorizationList },
    ];
    for (const transaction of transactions) {
      const fromJson = await sign({ kind: 'Transaction', network: 'EthereumSepolia', transaction });
      expect(fromJson.network).toBe('EthereumSepolia');
      const signed = fromJson.signedData as Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction'];
      expect(await recoverTransactionAddress({ serializedTransaction: signed })).toBe(from);
      const parsed = parseTransaction(signed);
      expect(parsed).toMatchObject({ chainId: 11155111, nonce: 3, to: address, value: 1000n, gas: 21000n });
      if (transaction.type === 4) expect(parsed).toMatchObject({ authorizationList: [authorization] });

      const { r: _r, s: _s, v: _v, yParity: _parity, ...fields } = parsed;
      const unsigned = serializeTransaction(fields as TransactionSerializable);
      const fromHex = await sign({ kind: 'Transaction', blockchainKind: 'Evm', transaction: unsigned });
      // Another signature over the same digest: nonces are hedged.
      const again = fromHex.signedData as typeof signed;
      expect(await recoverTransactionAddress({ serializedTransaction: again })).toBe(from);
      expect(parseTransaction(again)).toMatchObject(fields);
      expect(verifiesEcdsa(key.publicKey, fromJson.signature, bytesOf(keccak256(unsigned)))).toBe(true);
    }
    const { gasLimit: _, ...incomplete } = transactions[2] ?? {};
    const refused = await refusal(
      client.keys.generateSignature({
        keyId: key.id,
        body: { kind: 'Transaction', network: 'EthereumSepolia', transaction: incomplete },
      }),
    );
    expect(refused).toMatchObject({ httpStatus: 400, message: expect.stringContaining('gasLimit') as string });
    const elsewhere = await refusal(
      client.keys.generateSignature({
        keyId: key.id,
        body: { kind: 'Transaction', network: 'Ethereum', transaction: transactions[2] ?? {} },
      }),
    );
    expect(elsewhere.httpStatus).toBe(400);
  });

  it('gives back the request of an externalId, and refuses it for anything else', async () => {
    const body = { kind: 'Hash', hash: smallHash(), externalId: randomBytes(8).toString('hex') } as const;
    const first = await sign(body);
    expect(first.externalId).toBe(body.externalId);
    expect(await client.keys.generateSignature({ keyId: key.id, body })).toEqual(
      await client.keys.getSignature({ keyId: key.id, signatureId: first.id }),
    );
    const other = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
    for (const [keyId, changed] of [
      [key.id, { ...body, hash: smallHash() }],
      [other.id, body],
    ] as const) {
      const conflict = await refusal(client.keys.generateSignature({ keyId, body: changed }));
      expect(conflict.httpStatus).toBe(409);
      expect(conflict.context).toMatchObject({
        body: { error: { status: 409, details: { duplicate: { id: first.id } } } },
      });
    }
  });

  it('lists the signatures of a key in pages, newest first', async () => {
    const { id } = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await sign({ kind: 'Hash', hash: smallHash() }, id)).id);
    const first = await client.keys.listSignatures({ keyId: id, query: { limit: 3 } });
    const rest = await client.keys.listSignatures({
      keyId: id,
      query: { limit: 3, ...(first.nextPageToken !== undefined && { paginationToken: first.nextPageToken }) },
    });
    expect([...first.items, ...rest.items].map((request) => request.id)).toEqual(made);
    expect(rest.nextPageToken).toBeUndefined();
    expect(
      (await refusal(client.keys.listSignatures({ keyId: id, query: { paginationToken: 'a/b+c==' } }))).httpStatus,
    ).toBe(400);
  });

  it('says in its errors what is wrong and what is supported', async () => {
    const bad = (body: unknown): Promise<unknown> =>
      client.keys.generateSignature({ keyId: key.id, body: body as NewSignature });
    const refusals: readonly (readonly [unknown, string])[] = [
      [{ kind: 'Psbt', psbt: '0x00' }, 'Hash, Message, Eip191, Eip712, Eip7702, Transaction'],
      [{ kind: 'Transaction', network: 'Bitcoin', transaction: '0x00' }, 'EthereumSepolia'],
      [{ kind: 'Message', message: '0x00', blockchainKind: 'Tron' }, 'Evm'],
      [{ kind: 'Hash', hash: '0x00' }, '32 bytes'],
      [{ kind: 'Hash', hash: smallHash(), extra: 1 }, 'hash'],
      [{ kind: 'Hash', hash: smallHash(), taprootMerkleRoot: '' }, 'Schnorr'],
      [{ kind: 'Eip712', types: {}, domain: {}, message: {} }, ''],
    ];
    for (const [body, text] of refusals) {
      const error = await refusal(bad(body));
      expect([error.httpStatus, error.message]).toEqual([400, expect.stringContaining(text)]);
      expect(error.context).toMatchObject({
        body: { error: { id: expect.any(String) as string, status: 400, message: error.message } },
      });
    }
    const unknown = await refusal(client.keys.getKey({ keyId: 'key-00000-00000-00000000000000' }));
    expect(unknown.httpStatus).toBe(404);
    const pair = await refusal(client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'stark' } }));
    expect(pair).toMatchObject({ httpStatus: 400, message: expect.stringContaining('EdDSA with ed25519') as string });
    const network = await refusal(client.wallets.createWallet({ body: { network: 'Solana' } }));
    expect(network).toMatchObject({ httpStatus: 400, message: expect.stringContaining('EthereumSepolia') as string });
  });

  it('starts with an orgId that is its own, and no other', async () => {
    const { userInfo } = await client.auth.getServiceAccount({ serviceAccountId: account.userId });
    expect(
      (await clientOf(service.url, account, version, userInfo.orgId).keys.listKeys()).items.length,
    ).toBeGreaterThan(0);
    await expect(
      clientOf(service.url, account, version, 'or-00000-00000-00000000000000').keys.listKeys(),
    ).rejects.toThrow();
  });
});
