import * as chains from 'viem/chains';
import { describe, expect, it } from 'vitest';
import { EVM_CHAIN_IDS, readBlockchainKind, readNetwork } from './networks.ts';

describe('networks', () => {
  it('have chain ids that viem knows too, under a name that begins alike', () => {
    const byId = new Map<number, string[]>();
    for (const chain of Object.values(chains))
      if (typeof chain === 'object' && 'id' in chain)
        byId.set(chain.id, [...(byId.get(chain.id) ?? []), chain.name.toLowerCase()]);
    const strangers = Object.entries(EVM_CHAIN_IDS).filter(([, id]) => !byId.has(id));
    expect(strangers).toEqual([]);
    // Names differ in their ends (C-Chain, Mainnet, Smart Chain), not in their beginnings.
    const others: Readonly<Record<string, string>> = { EthereumSepolia: 'sepolia', EthereumHolesky: 'holesky' };
    for (const name of ['Ethereum', 'Polygon', 'Base', 'Arbitrum', 'Avalanche', 'Celo', 'Ink', 'Sonic', 'Xdc']) {
      const [, id] = Object.entries(EVM_CHAIN_IDS).find(([word]) => word.startsWith(name)) ?? [];
      expect(byId.get(id ?? 0)?.some((known) => known.startsWith((others[name] ?? name).toLowerCase()))).toBe(true);
    }
  });

  it('refuses what it does not know by naming what it does', () => {
    expect(readNetwork('EthereumSepolia').chainNetwork).toBe('11155111');
    expect(() => readNetwork('Solana')).toThrow(/EthereumSepolia/);
    expect(() => readNetwork('constructor')).toThrow(expect.objectContaining({ code: 'not_supported' }));
    expect(() => readBlockchainKind('Solana')).toThrow(/Evm/);
  });
});
