/** All chains, each loaded when it is first used. Adding one: its folder, and a line here. */
import type { Chain } from './chain.ts';

const LOADERS: ReadonlyMap<string, () => Promise<Chain>> = new Map([
  ['evm', async () => (await import('./evm/evm-chain.ts')).evm],
]);

/** The chain of this name, or undefined for a name that isn't registered. */
export async function loadChain(name: string): Promise<Chain | undefined> {
  return LOADERS.get(name)?.();
}

/** In the order of the registry. */
export const CHAIN_NAMES: readonly string[] = [...LOADERS.keys()];
