/** What the demo of approvals signs, and how it checks each. */
import { randomBytes } from 'node:crypto';
import {
  type Hex,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from 'viem';
import type { DfnsApiClient } from './approval-people.ts';
import {
  addressOf,
  hexOf,
  verifiesEcdsa,
  verifiesEd25519,
  verifiesStark,
  verifiesTaproot,
  type WireSignature,
} from './approval-verifiers.ts';

export type NewKey = Parameters<DfnsApiClient['keys']['createKey']>[0]['body'];
export type NewSignature = Parameters<DfnsApiClient['keys']['generateSignature']>[0]['body'];
export type SignatureRequest = Awaited<ReturnType<DfnsApiClient['keys']['generateSignature']>>;

/** One thing to sign, made anew for every run. */
export interface Signing {
  readonly label: string;
  readonly verifiedBy: string;
  readonly body: NewSignature;
  readonly verify: (
    publicKey: string,
    signature: WireSignature,
    request: SignatureRequest,
  ) => boolean | Promise<boolean>;
}

export interface KeyPlan {
  readonly words: Pick<NewKey, 'scheme' | 'curve'>;
  readonly signings: () => readonly Signing[];
}

export const RECIPIENT = '0x00000000000000000000000000000000000000aa';
const SEPOLIA = 11_155_111;

/** Every pair of scheme and curve that signs. Diffie-Hellman keys derive instead. */
export const KEY_PLANS: readonly KeyPlan[] = [
  {
    words: { scheme: 'ECDSA', curve: 'secp256k1' },
    signings: () => [
      hashOf('a hash', '@noble/curves, viem', verifiesEcdsa),
      personalMessage('Eip191'),
      personalMessage('Message'),
      typedData(),
      transaction(1000n),
    ],
  },
  {
    words: { scheme: 'ECDSA', curve: 'stark' },
    signings: () => [hashOf('a hash', '@noble/curves', verifiesStark)],
  },
  {
    words: { scheme: 'EdDSA', curve: 'ed25519' },
    signings: () => [
      hashOf('a hash', '@noble/curves, OpenSSL', verifiesEd25519),
      { ...hashOf('a message', '@noble/curves, OpenSSL', verifiesEd25519), ...plainMessage() },
    ],
  },
  {
    words: { scheme: 'Schnorr', curve: 'secp256k1' },
    signings: () => [
      taproot('a hash, no script path', new Uint8Array(0)),
      taproot('a hash, merkle root', randomBytes(32)),
    ],
  },
];

/** A payment, such as approvers look at. @param wei the amount */
export function transaction(wei: bigint): Signing {
  const body = {
    kind: 'Transaction',
    network: 'EthereumSepolia',
    transaction: {
      type: 2,
      chainId: SEPOLIA,
      nonce: 7,
      to: RECIPIENT,
      value: String(wei),
      gasLimit: '21000',
      maxFeePerGas: '2000000000',
      maxPriorityFeePerGas: '1000000000',
    },
  } as const;
  return {
    label: 'an EVM transaction',
    verifiedBy: 'viem',
    body,
    // What is checked is the signature in the answer, put into what the service assembled: both must be right.
    async verify(publicKey, { r, s, recid }, { signedData }) {
      const serialized = signedData as Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction'];
      const signed = parseTransaction(serialized);
      return (
        signed.to === RECIPIENT &&
        signed.value === wei &&
        signed.chainId === SEPOLIA &&
        signed.r !== undefined &&
        BigInt(signed.r) === BigInt(r) &&
        BigInt(signed.s ?? 0) === BigInt(s) &&
        signed.yParity === recid &&
        (await recoverTransactionAddress({ serializedTransaction: serialized })) === addressOf(publicKey)
      );
    },
  };
}

function hashOf(
  label: string,
  verifiedBy: string,
  verifies: (publicKey: string, signature: WireSignature, hash: Uint8Array) => boolean | Promise<boolean>,
): Signing {
  const hash = smallHash();
  return {
    label,
    verifiedBy,
    body: { kind: 'Hash', hash: hexOf(hash) },
    verify: (publicKey, signature) => verifies(publicKey, signature, hash),
  };
}

function taproot(label: string, merkleRoot: Uint8Array): Signing {
  const hash = smallHash();
  const taprootMerkleRoot = merkleRoot.length === 0 ? '' : hexOf(merkleRoot);
  return {
    label,
    verifiedBy: '@noble/curves',
    body: { kind: 'Hash', hash: hexOf(hash), taprootMerkleRoot },
    verify: (publicKey, signature) => verifiesTaproot(publicKey, signature, hash, merkleRoot),
  };
}

function plainMessage(): Pick<Signing, 'body' | 'verify'> {
  const message = Buffer.from(`Countersign demo ${randomBytes(8).toString('hex')}`);
  return {
    body: { kind: 'Message', message: hexOf(message) },
    verify: (publicKey, signature) => verifiesEd25519(publicKey, signature, message),
  };
}

/** EIP-191 under both of its names. */
function personalMessage(kind: 'Eip191' | 'Message'): Signing {
  const raw = hexOf(Buffer.from(`Countersign demo ${randomBytes(8).toString('hex')}`));
  return {
    label: kind === 'Eip191' ? 'a message, EIP-191' : 'a message of EVM',
    verifiedBy: 'viem',
    body: kind === 'Eip191' ? { kind, message: raw } : { kind, message: raw, blockchainKind: 'Evm' },
    verify: async (publicKey, signature) =>
      (await recoverMessageAddress({ message: { raw }, signature: encodedOf(signature) })) === addressOf(publicKey),
  };
}

function typedData(): Signing {
  const types = {
    Payment: [
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
  };
  const domain = { name: 'Countersign demo', version: '1', chainId: SEPOLIA };
  return {
    label: 'typed data, EIP-712',
    verifiedBy: 'viem',
    body: { kind: 'Eip712', types, domain, message: { to: RECIPIENT, amount: '1000' } },
    verify: async (publicKey, signature) => {
      const typed = { types, domain, primaryType: 'Payment', message: { to: RECIPIENT, amount: 1000n } } as const;
      return (await recoverTypedDataAddress({ ...typed, signature: encodedOf(signature) })) === addressOf(publicKey);
    },
  };
}

/** `r`, `s` and the recovery id with its 27; the service's own `encoded` has to be the same. */
function encodedOf({ r, s, recid = 0, encoded }: WireSignature): Hex {
  const joined: Hex = `0x${r.slice(2)}${s.slice(2)}${(27 + recid).toString(16)}`;
  if (encoded !== joined) throw new Error('encoded is not r, s and v');
  return joined;
}

/** 32 bytes below 2^251, which every curve here signs. */
function smallHash(): Uint8Array {
  return Buffer.concat([Buffer.of(0), randomBytes(31)]);
}
