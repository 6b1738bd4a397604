import type { Chain, ChainKey, ChainPayload, DecodedPayload, Decoding, JsonValue } from '../chain.ts';
import { decodeAuthorization } from './authorization.ts';
import type { DecodingContext } from './decoding-context.ts';
import { decodeDigest } from './digest.ts';
import { keyAddress } from './evm-address.ts';
import { InvalidPayload, quote } from './invalid-payload.ts';
import { decodePersonalMessage } from './personal-message.ts';
import { readNetwork } from './require-network.ts';
import { decodeTransaction } from './transaction-format.ts';
import { decodeTypedData } from './typed-data.ts';

type Decode = (content: JsonValue, context: DecodingContext) => DecodedPayload;

const FORMATS: ReadonlyMap<string, Decode> = new Map([
  ['transaction', decodeTransaction],
  ['personal-message', decodePersonalMessage],
  ['typed-data', decodeTypedData],
  ['authorization', decodeAuthorization],
  ['digest', decodeDigest],
]);

/**
 * Ethereum and the chains that use its transactions. Keys: secp256k1 ECDSA. `network` is a chain id in decimal. A decoded
 * payload has one part, a digest of 32 bytes; its signature is encoded as r || s || v in 65 bytes, v = 27 or 28, and
 * `signedData` of a transaction is what a node takes. Addresses are `0x` and 40 lower-case hexadecimal digits.
 */
export const evm: Chain = {
  name: 'evm',
  formats: [...FORMATS.keys()],
  decode: (payload: ChainPayload, key: ChainKey): Decoding => {
    try {
      return { ok: true, value: decodePayload(payload, key) };
    } catch (error) {
      // Anything else than our own refusal, such as an exhausted stack, is a refusal too: nothing undecoded passes.
      return { ok: false, reason: error instanceof InvalidPayload ? error.message : "The payload can't be decoded." };
    }
  },
  address: (key) => keyAddress(key),
};

function decodePayload(payload: ChainPayload, key: ChainKey): DecodedPayload {
  const decode = FORMATS.get(payload.format);
  if (decode === undefined) {
    const known = [...FORMATS.keys()].join(', ');
    throw new InvalidPayload(`evm has no format ${quote(payload.format)}; its formats are: ${known}.`);
  }
  const address = keyAddress(key);
  if (address === undefined) {
    throw new InvalidPayload('EVM payloads need a key with ECDSA on secp256k1.');
  }
  const network = payload.network === undefined ? undefined : readNetwork(payload.network);
  return decode(payload.content, { network, address });
}
