import type { JsonValue } from '../chain.ts';
import type { Transfer } from '../view.ts';
import { MAX_ABI_ITEMS } from './abi-reader.ts';
import { allowanceWarnings, UNLIMITED } from './allowance-warnings.ts';
import { addressText } from './evm-address.ts';
import { type JsonMembers, MAX_UINT256, readAddress, readArray, readMembers, readUint } from './read-json.ts';

/** What signed typed data lets others take. */
export interface TypedDataAllowances {
  readonly transfers: readonly Transfer[];
  readonly warnings: readonly string[];
  /** The last moment at which the signature can be used, in Unix seconds; undefined: there is none. */
  readonly deadline: bigint | undefined;
  /** Whether this is all that the signature allows, as far as the contract named by the domain keeps its standard. */
  readonly complete: boolean;
}

interface Signed {
  readonly message: JsonMembers;
  /** `domain.verifyingContract` in canonical text. */
  readonly contract: string;
  /** The signing key's address. */
  readonly self: string;
}

/** Permit2 has one address on the chains where its makers put it; a contract elsewhere may be anything. */
const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3';
const PERMIT_DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)';
const TOKEN_PERMISSIONS = 'TokenPermissions(address token,uint256 amount)';

/** By the full encoding of the type, so that a type that only has the same name isn't taken for it. */
const READERS: ReadonlyMap<string, (signed: Signed) => TypedDataAllowances> = new Map([
  ['Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)', readErc20Permit],
  ['Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)', readDaiPermit],
  [
    `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    (signed) => readPermit2(signed, [signed.message.get('details')], 'sigDeadline'),
  ],
  [
    `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    (signed) => readPermit2(signed, listAt(signed, 'details'), 'sigDeadline'),
  ],
  [
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    (signed) => readPermit2(signed, [signed.message.get('permitted')], 'deadline'),
  ],
  [
    `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    (signed) => readPermit2(signed, listAt(signed, 'permitted'), 'deadline'),
  ],
]);

/**
 * The allowances in a permit that we know; undefined for everything else. The message must have passed the hasher: its
 * values are of the types that `encodedType` says.
 *
 * @param encodedType EIP-712 `encodeType` of the message's type
 * @param contract `domain.verifyingContract` in canonical text
 * @throws InvalidPayload
 */
export function readAllowances(
  encodedType: string,
  message: JsonValue | undefined,
  contract: string,
  self: string,
): TypedDataAllowances | undefined {
  return READERS.get(encodedType)?.({ message: readMembers(message, 'message'), contract, self });
}

/** EIP-2612. The allowance itself doesn't end; the deadline is for handing the signature in. */
function readErc20Permit({ message, contract, self }: Signed): TypedDataAllowances {
  const amount = uintAt(message, 'value');
  return {
    ...permitOf(contract, self, addressAt(message, 'owner'), addressAt(message, 'spender'), amount),
    deadline: uintAt(message, 'deadline'),
  };
}

/** DAI's own form, older than EIP-2612: all or nothing. Expiry 0 means none. */
function readDaiPermit({ message, contract, self }: Signed): TypedDataAllowances {
  const expiry = uintAt(message, 'expiry');
  const amount = message.get('allowed') === true ? UNLIMITED : 0n;
  return {
    ...permitOf(contract, self, addressAt(message, 'holder'), addressAt(message, 'spender'), amount),
    deadline: expiry === 0n ? undefined : expiry,
  };
}

function permitOf(
  contract: string,
  self: string,
  owner: string,
  spender: string,
  amount: bigint,
): Omit<TypedDataAllowances, 'deadline'> {
  const warnings = [...allowanceWarnings(contract, spender, amount)];
  if (owner !== self) {
    warnings.push(`Names ${owner} as the owner, which is not the address of this key.`);
  }
  return {
    transfers: [allowance(contract, owner, self, spender, amount)],
    warnings,
    // A contract that looks at something else than the owner's signature is none that we understand.
    complete: owner === self,
  };
}

function readPermit2(
  { message, contract, self }: Signed,
  details: readonly (JsonValue | undefined)[],
  deadlineName: 'sigDeadline' | 'deadline',
): TypedDataAllowances {
  const spender = addressAt(message, 'spender');
  const transfers: Transfer[] = [];
  const warnings: string[] = [];
  for (const detail of details) {
    const members = readMembers(detail, 'message');
    const token = addressAt(members, 'token');
    const amount = uintAt(members, 'amount');
    transfers.push(allowance(token, self, self, spender, amount));
    warnings.push(...allowanceWarnings(token, spender, amount));
    if (members.has('expiration')) {
      warnings.push(`The allowance of the token ${token} lasts until ${momentText(uintAt(members, 'expiration'))}.`);
    }
  }
  if (contract !== PERMIT2) {
    warnings.push(`The contract ${contract} is not the known Permit2 contract.`);
  }
  return { transfers, warnings, deadline: uintAt(message, deadlineName), complete: contract === PERMIT2 };
}

function allowance(token: string, owner: string, self: string, to: string, amount: bigint): Transfer {
  const from = owner === self ? {} : { from: owner };
  return { effect: 'allowance', asset: { kind: 'token', contract: token }, to, amount: amount.toString(), ...from };
}

function listAt({ message }: Signed, name: string): readonly JsonValue[] {
  return readArray(message.get(name), `message.${name}`, MAX_ABI_ITEMS);
}

function addressAt(members: JsonMembers, name: string): string {
  return addressText(readAddress(members.get(name), name));
}

function uintAt(members: JsonMembers, name: string): bigint {
  return readUint(members.get(name), name, MAX_UINT256);
}

/** The furthest moment that a Date can hold, in seconds. */
const MAX_MOMENT = 8_640_000_000_000n;

/** Unix seconds -> `2026-01-31T12:00:00.000Z`, or `no end` beyond all calendars. */
function momentText(seconds: bigint): string {
  return seconds > MAX_MOMENT ? 'no end' : new Date(Number(seconds) * 1000).toISOString();
}

/** Unix seconds -> milliseconds, or undefined where that is beyond all calendars: it doesn't expire. */
export function deadlineMs(seconds: bigint | undefined): number | undefined {
  return seconds === undefined || seconds > MAX_MOMENT ? undefined : Number(seconds) * 1000;
}
