/**
 * What a payload means, in one shape for all chains: what policy rules judge and approvers see. Made from the bytes that
 * will be signed and from nothing else, never from what the caller says about them.
 */

/** Not decoded, or not fully understood in its structure: rules that look at content treat it as triggered. */
export interface OpaqueView {
  readonly kind: 'opaque';
}

export type Asset =
  | { readonly kind: 'native' }
  /** `contract` in the chain's canonical text form (EVM: `0x` and 40 lower-case hexadecimal digits). */
  | { readonly kind: 'token'; readonly contract: string; readonly tokenId?: string };

/** Value that leaves the key's address, or that somebody else is allowed to take from it. */
export interface Transfer {
  readonly effect: 'transfer' | 'allowance';
  readonly asset: Asset;
  /** Undefined: the key's own address. */
  readonly from?: string;
  /** Canonical text form of the chain: compared exactly. */
  readonly to: string;
  /** Whole number of the asset's smallest unit, in decimal, of any size. */
  readonly amount: string;
}

/** Code that is run, beyond plain transfers. */
export interface Call {
  /** Undefined: a contract is deployed. */
  readonly to: string | undefined;
  /** First four bytes of the call data, `0x` and 8 digits; undefined where there are fewer. */
  readonly selector: string | undefined;
  /** Where it is a call that we know: `transfer(address,uint256)`. */
  readonly signature?: string;
  /** Bytes of call data. */
  readonly dataBytes: number;
}

export interface DecodedView {
  readonly kind: 'decoded';
  /** Name in the registry of chains. */
  readonly chain: string;
  /** Format within the chain: `transaction`, `typed-data`, `personal-message`, `authorization`. */
  readonly format: string;
  /** The network as the payload itself names it (EVM: the chain id in decimal); undefined where it names none. */
  readonly network: string | undefined;
  readonly transfers: readonly Transfer[];
  readonly calls: readonly Call[];
  /** The most that is paid for inclusion, in the native asset's smallest unit, decimal; undefined: none or unknown. */
  readonly fee: string | undefined;
  readonly expiresAtMs: number | undefined;
  /** Text for people: a message, a memo. At most 4,096 characters, control characters replaced. */
  readonly memo: string | undefined;
  /**
   * Whether `transfers` is everything that the signature moves or lets others move. Where it is false (unknown calls,
   * free-form messages, typed data other than permits that are fully understood), rules about value and recipients count
   * as triggered.
   */
  readonly complete: boolean;
  /** Sentences for approvers: an unlimited allowance, a contract creation, a signature valid on every chain. */
  readonly warnings: readonly string[];
}

export type View = OpaqueView | DecodedView;

export const OPAQUE_VIEW: OpaqueView = { kind: 'opaque' };
