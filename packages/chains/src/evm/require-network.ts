import { InvalidPayload, quote } from './invalid-payload.ts';

const CHAIN_ID = /^[1-9][0-9]{0,77}$/;

/** @throws InvalidPayload unless it is a chain id in decimal. Names of networks belong to whoever speaks to the caller. */
export function readNetwork(network: string): bigint {
  if (!CHAIN_ID.test(network)) {
    throw new InvalidPayload(`network must be a chain id in decimal, not ${quote(network)}.`);
  }
  return BigInt(network);
}

/**
 * The network that the caller named must be the one that the payload names: a signature for another chain than the one
 * that was shown to people is what this check prevents.
 *
 * @throws InvalidPayload
 */
export function requireNetwork(named: bigint | undefined, chainId: bigint, where: string): void {
  if (named !== undefined && named !== chainId) {
    throw new InvalidPayload(`${where} is ${chainId}, but the request is for the network with chain id ${named}.`);
  }
}
