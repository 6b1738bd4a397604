/**
 * What each kind of a signature request means: which payload, of which chain. Adding a kind is an entry here; what isn't
 * here is answered with the list of what is.
 */
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import type { RequestContent } from '@countersign/core/requests/signature-request';
import { readHex } from '../wire-values.ts';
import { wordsOfAlgorithm } from './key-words.ts';

/** The chain that a request is for: from the wallet, `network` or `blockchainKind`. */
export interface ChainContext {
  readonly chain: string | undefined;
  /** As the chain itself names its network. */
  readonly network: string | undefined;
}

export interface KindInput {
  /** Own members of the kind, unchecked. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: KeyRecord;
  readonly context: ChainContext;
}

interface SignatureKind {
  readonly members: readonly string[];
  /** @throws DomainError */
  readonly read: (input: KindInput) => RequestContent;
}

const HASH_BYTES = 32;

const KINDS: Readonly<Record<string, SignatureKind>> = {
  Hash: { members: ['hash', 'taprootMerkleRoot'], read: readHash },
  Message: { members: ['message'], read: readMessage },
  Eip191: { members: ['message'], read: (input) => evm(input, 'personal-message', textMember(input.body, 'message')) },
  Eip712: {
    members: ['types', 'domain', 'message', 'primaryType'],
    read: (input) => evm(input, 'typed-data', members(input.body, ['types', 'domain', 'message', 'primaryType'])),
  },
  Eip7702: {
    members: ['address', 'nonce', 'chainId'],
    read: (input) => evm(input, 'authorization', members(input.body, ['address', 'nonce', 'chainId'])),
  },
  Transaction: { members: ['transaction'], read: readTransaction },
};

const COMMON = ['kind', 'network', 'blockchainKind', 'externalId'];
/** The dialect of the product has more kinds than this version signs. */
const SUPPORTED = Object.keys(KINDS).join(', ');

/** @throws DomainError */
export function readContent(kind: string, input: KindInput): RequestContent {
  const entry = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (entry === undefined)
    throw new DomainError('not_supported', `this version signs the kinds ${SUPPORTED}, and no other`);
  const allowed = [...COMMON, ...entry.members];
  const unknown = Object.keys(input.body).find((member) => !allowed.includes(member));
  if (unknown !== undefined)
    throw new DomainError('invalid_request', `kind ${kind} has the members ${allowed.join(', ')} and no others`);
  return entry.read(input);
}

/** The 32 bytes as they are: a digest for ECDSA, the message itself for EdDSA (plain Ed25519, not Ed25519ph). */
function readHash(input: KindInput): RequestContent {
  const { body, key } = input;
  const bytes = readHex('hash', textMember(body, 'hash'));
  if (bytes.length !== HASH_BYTES) throw new DomainError('invalid_request', 'hash must have 32 bytes');
  const root = body['taprootMerkleRoot'];
  const scheme = wordsOfAlgorithm(key.algorithm)?.scheme;
  if (scheme !== 'Schnorr' && root !== undefined)
    throw new DomainError('invalid_request', 'taprootMerkleRoot is for Schnorr keys alone');
  switch (scheme) {
    case 'ECDSA':
      // The same signature, and as Ethereum writes it.
      if (input.context.chain === 'evm' && key.algorithm === 'ecdsa-secp256k1')
        return chainContent(input, 'digest', textMember(body, 'hash'));
      // Which hash made it plays no part in the signature; the name says its length.
      return { kind: 'plain', payload: { kind: 'digest', bytes, digest: 'sha-256' }, options: {} };
    case 'EdDSA':
      return { kind: 'plain', payload: { kind: 'message', bytes, digest: undefined }, options: {} };
    case 'Schnorr': {
      if (typeof root !== 'string')
        throw new DomainError(
          'invalid_request',
          'a Schnorr key signs with taprootMerkleRoot: "" for the default tweak, or the root in hexadecimal',
        );
      const merkleRoot = readHex('taprootMerkleRoot', root);
      return { kind: 'plain', payload: { kind: 'message', bytes, digest: undefined }, options: { merkleRoot } };
    }
    default:
      throw new DomainError('key_not_usable', 'this key derives (POST /keys/{keyId}/derive); it does not sign');
  }
}

function readMessage(input: KindInput): RequestContent {
  const text = textMember(input.body, 'message');
  if (input.context.chain !== undefined) return chainContent(input, 'personal-message', text);
  if (wordsOfAlgorithm(input.key.algorithm)?.scheme !== 'EdDSA')
    throw new DomainError(
      'invalid_request',
      'Message without a chain is for EdDSA keys; give blockchainKind (Evm) or network, or send the Hash',
    );
  const bytes = readHex('message', text);
  return { kind: 'plain', payload: { kind: 'message', bytes, digest: undefined }, options: {} };
}

function readTransaction(input: KindInput): RequestContent {
  if (input.context.chain === undefined)
    throw new DomainError('invalid_request', 'a Transaction needs its chain: give blockchainKind (Evm) or network');
  const { transaction } = input.body;
  if (transaction === undefined) throw new DomainError('invalid_request', 'transaction is missing');
  return chainContent(input, 'transaction', transaction as JsonValue);
}

/** Kinds that are Ethereum's own: they need no word about the chain, and no other fits. */
function evm(input: KindInput, format: string, content: JsonValue): RequestContent {
  const { chain = 'evm' } = input.context;
  if (chain !== 'evm') throw new DomainError('invalid_request', 'this kind is for EVM networks');
  return chainContent({ ...input, context: { ...input.context, chain } }, format, content);
}

function chainContent({ context }: KindInput, format: string, content: JsonValue): RequestContent {
  const { chain = '', network } = context;
  return { kind: 'chain', payload: { chain, format, network, content }, options: {} };
}

/** The chain's decoder checks what is in them. */
function members(body: KindInput['body'], names: readonly string[]): JsonValue {
  return Object.fromEntries(
    names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name] as JsonValue]])),
  );
}

function textMember(body: KindInput['body'], name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new DomainError('invalid_request', `${name} must be a hexadecimal text`);
  return value;
}
