import type { Exchange } from '@countersign/threshold/exchange/exchange';
import type { IdentitySecret } from '@countersign/threshold/exchange/identity';
import type { PARTY_ALGORITHMS, PartyOperation, PartyOutcome } from '../../messages/party-message.ts';
import type { PartyScheme } from './party-scheme.ts';

export type Schemes = ReadonlyMap<(typeof PARTY_ALGORITHMS)[number], PartyScheme>;

/** What an operation has to work with. */
export interface PartyContext {
  readonly rootKey: Buffer;
  readonly schemes: Schemes;
  readonly identity: IdentitySecret;
  /** The carrier room and how many parties it is for. */
  readonly room: string;
  readonly size: number;
}

/** An operation under way. */
export interface PartySession {
  readonly exchange: Exchange<PartyOutcome>;
  /** What the protocol asks to keep, sealed for the row that it belongs to. Not called for nonces. */
  readonly seal: (
    keep: { readonly kind: 'pending'; readonly secret: Uint8Array } | { readonly kind: 'share' },
  ) => Uint8Array;
  /** Wipes what the operation opened. */
  readonly free: () => void;
}

/** A request that doesn't fit; the text is for the caller. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
  readonly code: 'invalid_request' | 'conflict' | 'forbidden' | 'unavailable' | 'not_supported';
  constructor(code: OperationRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws OperationRefused */
export type OpenOperation<Kind extends PartyOperation['kind']> = (
  context: PartyContext,
  operation: Extract<PartyOperation, { kind: Kind }>,
) => PartySession;
