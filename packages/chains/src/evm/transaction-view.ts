import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Call, DecodedView, Transfer } from '../view.ts';
import { addressText, deployedAddress } from './evm-address.ts';
import type { EvmTransaction, SignedAuthorization } from './evm-transaction.ts';
import { type CallEffects, readKnownCall } from './known-calls.ts';

const MAX_NAMED_AUTHORIZATIONS = 10;

/**
 * What the transaction does, as far as its own bytes say: chain id, value, calls of token contracts, the most that it
 * can cost. It is complete for a plain transfer and for calls that we know, and neither deploys nor delegates.
 *
 * Value that a plain transfer sends to a contract may run the contract's code; that code can take nothing but this value
 * from the sender, unless it was allowed to before.
 *
 * @param self the signing key's address
 */
export function transactionView(tx: EvmTransaction, self: string): DecodedView {
  const to = tx.to === undefined ? undefined : addressText(tx.to);
  const effects = to === undefined || tx.data.length === 0 ? undefined : readKnownCall(tx.data, to, self);
  const isPlain = to !== undefined && tx.data.length === 0;
  return {
    kind: 'decoded',
    chain: 'evm',
    format: 'transaction',
    network: tx.chainId?.toString(),
    transfers: [...nativeTransfer(tx, to, self), ...(effects?.transfers ?? [])],
    calls: isPlain ? [] : [callOf(tx, to, effects)],
    fee: (tx.gasLimit * tx.maxFeePerGas).toString(),
    expiresAtMs: undefined,
    memo: undefined,
    complete: tx.type !== 4 && (isPlain || effects !== undefined),
    warnings: [
      ...(tx.chainId === undefined ? ['The signature is valid on every chain (no EIP-155 chain id).'] : []),
      ...(to === undefined ? ['Deploys a contract.'] : []),
      ...(effects?.warnings ?? []),
      ...delegationWarnings(tx.authorizationList),
    ],
  };
}

/** A plain transfer of nothing is listed as well, so that rules about recipients see where it goes. */
function nativeTransfer(tx: EvmTransaction, to: string | undefined, self: string): readonly Transfer[] {
  if (tx.value === 0n && (to === undefined || tx.data.length > 0)) {
    return [];
  }
  const recipient = to ?? deployedAddress(hexToBytes(self.slice(2)), tx.nonce);
  return [{ effect: 'transfer', asset: { kind: 'native' }, to: recipient, amount: tx.value.toString() }];
}

function callOf(tx: EvmTransaction, to: string | undefined, effects: CallEffects | undefined): Call {
  return {
    to,
    selector: to === undefined || tx.data.length < 4 ? undefined : `0x${bytesToHex(tx.data.subarray(0, 4))}`,
    ...(effects === undefined ? {} : { signature: effects.signature }),
    dataBytes: tx.data.length,
  };
}

/** Who signed the authorizations isn't recovered: the delegation is what an approver has to see, whoever's it is. */
function delegationWarnings(list: readonly SignedAuthorization[]): readonly string[] {
  const named = list
    .slice(0, MAX_NAMED_AUTHORIZATIONS)
    .map(({ address }) => `Sets code of an account to that at ${addressText(address)} (EIP-7702).`);
  const others = list.length - named.length;
  return others > 0 ? [...named, `Sets code of accounts by ${others} further authorizations (EIP-7702).`] : named;
}
