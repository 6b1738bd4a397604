import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Transfer } from '../view.ts';
import { AbiReader, MAX_ABI_ITEMS, NotCanonicalAbi } from './abi-reader.ts';
import { allowanceWarnings, UNLIMITED } from './allowance-warnings.ts';

/** What a call of a token's contract does with value. */
export interface CallEffects {
  readonly signature: string;
  readonly transfers: readonly Transfer[];
  readonly warnings: readonly string[];
}

interface Called {
  /** The contract, in canonical text. */
  readonly token: string;
  /** The signing key's address. */
  readonly self: string;
}

type Effects = Omit<CallEffects, 'signature'>;
type Read = (abi: AbiReader, called: Called) => Effects;

const AMOUNT_OR_TOKEN_ID = 'If the contract is an ERC-721 collection, the amount shown is the number of the token.';

function transfer(token: string, to: string, amount: bigint, tokenId?: bigint): Transfer {
  return { effect: 'transfer', asset: assetOf(token, tokenId), to, amount: amount.toString() };
}

/** With `from` only where the value leaves another address than the key's own. */
function transferFrom({ token, self }: Called, from: string, to: string, amount: bigint, tokenId?: bigint): Transfer {
  return { ...transfer(token, to, amount, tokenId), ...(from === self ? {} : { from }) };
}

function allowance(token: string, to: string, amount: bigint): Transfer {
  return { effect: 'allowance', asset: assetOf(token), to, amount: amount.toString() };
}

function assetOf(contract: string, tokenId?: bigint): Transfer['asset'] {
  return { kind: 'token', contract, ...(tokenId === undefined ? {} : { tokenId: tokenId.toString() }) };
}

/** Calls of ERC-20, ERC-721 and ERC-1155 that move tokens or allow it. Every other call counts as not understood. */
const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  [
    'transfer(address,uint256)',
    (abi, { token }) => ({ transfers: [transfer(token, abi.address(), abi.uint256())], warnings: [] }),
  ],
  [
    'transferFrom(address,address,uint256)',
    (abi, called) => ({
      transfers: [transferFrom(called, abi.address(), abi.address(), abi.uint256())],
      warnings: [AMOUNT_OR_TOKEN_ID],
    }),
  ],
  [
    'approve(address,uint256)',
    (abi, { token }) => {
      const spender = abi.address();
      const amount = abi.uint256();
      return {
        transfers: [allowance(token, spender, amount)],
        warnings: [...allowanceWarnings(token, spender, amount), AMOUNT_OR_TOKEN_ID],
      };
    },
  ],
  [
    'increaseAllowance(address,uint256)',
    (abi, { token }) => {
      const spender = abi.address();
      const amount = abi.uint256();
      return {
        transfers: [allowance(token, spender, amount)],
        warnings: [
          `Adds to what ${spender} may take already; the amount shown is what is added.`,
          ...allowanceWarnings(token, spender, amount),
        ],
      };
    },
  ],
  [
    'setApprovalForAll(address,bool)',
    (abi, { token }) => {
      const operator = abi.address();
      const allowed = abi.bool();
      return {
        transfers: [allowance(token, operator, allowed ? UNLIMITED : 0n)],
        warnings: allowed ? [`Lets ${operator} take every token of the contract ${token}.`] : [],
      };
    },
  ],
  [
    'safeTransferFrom(address,address,uint256)',
    (abi, called) => ({
      transfers: [transferFrom(called, abi.address(), abi.address(), 1n, abi.uint256())],
      warnings: [],
    }),
  ],
  [
    'safeTransferFrom(address,address,uint256,bytes)',
    (abi, called) => {
      const transfers = [transferFrom(called, abi.address(), abi.address(), 1n, abi.uint256())];
      abi.skipBytes();
      return { transfers, warnings: [] };
    },
  ],
  [
    'safeTransferFrom(address,address,uint256,uint256,bytes)',
    (abi, called) => {
      const [from, to, tokenId, amount] = [abi.address(), abi.address(), abi.uint256(), abi.uint256()];
      abi.skipBytes();
      return { transfers: [transferFrom(called, from, to, amount, tokenId)], warnings: [] };
    },
  ],
  [
    'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)',
    (abi, called) => {
      const [from, to, tokenIds, amounts] = [abi.address(), abi.address(), abi.uint256Array(), abi.uint256Array()];
      abi.skipBytes();
      if (tokenIds.length !== amounts.length || tokenIds.length > MAX_ABI_ITEMS) {
        throw new NotCanonicalAbi('token ids and amounts differ in number');
      }
      const transfers = amounts.map((amount, index) => transferFrom(called, from, to, amount, tokenIds[index]));
      return { transfers, warnings: [] };
    },
  ],
]);

interface KnownCall {
  readonly signature: string;
  readonly argumentCount: number;
  readonly read: Read;
}

/** By selector: the first four bytes of Keccak-256 of the signature, in hexadecimal digits. */
const BY_SELECTOR: ReadonlyMap<string, KnownCall> = new Map(
  [...READERS].map(([signature, read]) => [
    bytesToHex(keccak_256(utf8ToBytes(signature)).subarray(0, 4)),
    { signature, argumentCount: signature.split(',').length, read },
  ]),
);

/**
 * What the call data does, or undefined where it isn't a call that we know in its one canonical encoding.
 *
 * @param token the contract that is called, `self` the caller's address; both in canonical text
 */
export function readKnownCall(data: Uint8Array, token: string, self: string): CallEffects | undefined {
  const known = BY_SELECTOR.get(bytesToHex(data.subarray(0, 4)));
  if (known === undefined) {
    return undefined;
  }
  const abi = new AbiReader(data.subarray(4), known.argumentCount);
  try {
    const effects = known.read(abi, { token, self });
    abi.end();
    return { signature: known.signature, ...effects };
  } catch (error) {
    if (error instanceof NotCanonicalAbi) {
      return undefined;
    }
    throw error;
  }
}
