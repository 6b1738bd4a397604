import type { DecodedPayload } from '../chain.ts';
import type { View } from '../view.ts';
import { encodeRecoverable, onlySignature } from './recoverable-signature.ts';

/** What a format knows beside the content. */
export interface DecodingContext {
  /** The chain id that the caller says the payload is for; undefined where the caller said nothing. */
  readonly network: bigint | undefined;
  /** The signing key's address, lower case. */
  readonly address: string;
}

/** A payload whose only result is the signature: messages, typed data, authorizations. `digest` has 32 bytes. */
export function signedDigest(digest: Uint8Array, view: View): DecodedPayload {
  return {
    view,
    parts: [{ kind: 'digest', bytes: digest }],
    assemble: (signatures) => ({ encoded: [encodeRecoverable(onlySignature(signatures))], signedData: undefined }),
  };
}
