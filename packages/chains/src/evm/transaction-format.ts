import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DecodedPayload, JsonValue } from '../chain.ts';
import type { DecodingContext } from './decoding-context.ts';
import type { EvmTransaction } from './evm-transaction.ts';
import { readBytes } from './read-json.ts';
import { encodeRecoverable, onlySignature } from './recoverable-signature.ts';
import { requireNetwork } from './require-network.ts';
import { readTransactionJson } from './transaction-json.ts';
import { MAX_TRANSACTION_BYTES, parseUnsigned, serializeSigned, serializeUnsigned } from './transaction-rlp.ts';
import { transactionView } from './transaction-view.ts';

/**
 * An unsigned transaction of type 0, 1, 2 or 4: its bytes in hexadecimal digits, with or without `0x`, or the JSON form.
 * Digest: Keccak-256 of the unsigned bytes. The JSON form is encoded and read back, so that the view comes from the
 * bytes that are signed in both cases.
 *
 * @throws InvalidPayload
 */
export function decodeTransaction(content: JsonValue, context: DecodingContext): DecodedPayload {
  const bytes =
    typeof content === 'string'
      ? readBytes(content, 'transaction', 'optional', MAX_TRANSACTION_BYTES)
      : serializeUnsigned(readTransactionJson(content, context.network));
  const tx = parseUnsigned(bytes);
  if (tx.chainId !== undefined) {
    requireNetwork(context.network, tx.chainId, 'chainId of the transaction');
  }
  return {
    view: transactionView(tx, context.address),
    parts: [{ kind: 'digest', bytes: keccak_256(bytes) }],
    assemble: (signatures) => {
      const signature = onlySignature(signatures);
      const signedData = serializeSigned(tx, signature);
      return { encoded: [encodeRecoverable(signature)], signedData, details: detailsOf(tx, signedData) };
    },
  };
}

/** Numbers as decimal strings where they may exceed what JSON numbers hold. */
function detailsOf(tx: EvmTransaction, signedData: Uint8Array): Record<string, string | number> {
  return {
    type: tx.type,
    ...(tx.chainId === undefined ? {} : { chainId: Number(tx.chainId) }),
    nonce: tx.nonce <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(tx.nonce) : tx.nonce.toString(),
    gasLimit: tx.gasLimit.toString(),
    ...(tx.type === 2 || tx.type === 4
      ? { maxFeePerGas: tx.maxFeePerGas.toString(), maxPriorityFeePerGas: tx.maxPriorityFeePerGas.toString() }
      : { gasPrice: tx.maxFeePerGas.toString() }),
    transactionHash: `0x${bytesToHex(keccak_256(signedData))}`,
  };
}
