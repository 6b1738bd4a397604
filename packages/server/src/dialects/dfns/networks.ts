/**
 * Network names of this wire with what they mean inside. Networks that are signed for by chain id alone are a line each;
 * the others come with their chains.
 */
import { DomainError } from '@countersign/core/domain-error';
import { KEY_WORDS } from './key-words.ts';

export interface Network {
  readonly name: string;
  /** Name in the registry of chains; undefined: a key and nothing else. */
  readonly chain: string | undefined;
  /** As the chain itself names the network: the chain id. */
  readonly chainNetwork: string | undefined;
  /** What a wallet on it needs, unless the caller says otherwise. */
  readonly algorithm: string;
}

/** EIP-155 chain ids. */
const EVM: Readonly<Record<string, number>> = {
  Ethereum: 1,
  EthereumSepolia: 11_155_111,
  EthereumHolesky: 17_000,
  EthereumHoodi: 560_048,
  EthereumGoerli: 5,
  EthereumClassic: 61,
  ArbitrumOne: 42_161,
  ArbitrumSepolia: 421_614,
  ArbitrumGoerli: 421_613,
  AvalancheC: 43_114,
  AvalancheCFuji: 43_113,
  Base: 8_453,
  BaseSepolia: 84_532,
  BaseGoerli: 84_531,
  Berachain: 80_094,
  BerachainBepolia: 80_069,
  Bob: 60_808,
  BobSepolia: 808_813,
  Bsc: 56,
  BscTestnet: 97,
  Celo: 42_220,
  CeloAlfajores: 44_787,
  FantomOpera: 250,
  FantomTestnet: 4_002,
  FlareC: 14,
  FlareCCoston2: 114,
  FlowEvm: 747,
  FlowEvmTestnet: 545,
  Ink: 57_073,
  InkSepolia: 763_373,
  Optimism: 10,
  OptimismSepolia: 11_155_420,
  OptimismGoerli: 420,
  Plasma: 9_745,
  Polygon: 137,
  PolygonAmoy: 80_002,
  PolygonMumbai: 80_001,
  Sonic: 146,
  Xdc: 50,
  XLayer: 196,
};

const NETWORKS: ReadonlyMap<string, Network> = new Map([
  ...Object.entries(EVM).map(([name, chainId]): [string, Network] => [
    name,
    { name, chain: 'evm', chainNetwork: String(chainId), algorithm: 'ecdsa-secp256k1' },
  ]),
  ...KEY_WORDS.flatMap(({ pseudoNetwork, algorithm }): [string, Network][] =>
    pseudoNetwork === undefined
      ? []
      : [[pseudoNetwork, { name: pseudoNetwork, chain: undefined, chainNetwork: undefined, algorithm }]],
  ),
]);

/** Values of `blockchainKind` that are chains here. */
const BLOCKCHAIN_KINDS: ReadonlyMap<string, string> = new Map([['Evm', 'evm']]);

/** @throws DomainError `not_supported` that lists the networks which are */
export function readNetwork(name: string): Network {
  const network = NETWORKS.get(name);
  if (network !== undefined) return network;
  const names = [...NETWORKS.keys()].join(', ');
  throw new DomainError('not_supported', `this version doesn't know the network; it knows ${names}`);
}

export function findNetwork(name: string): Network | undefined {
  return NETWORKS.get(name);
}

/** @throws DomainError `not_supported` that lists those which are */
export function readBlockchainKind(word: string): string {
  const chain = BLOCKCHAIN_KINDS.get(word);
  if (chain !== undefined) return chain;
  const words = [...BLOCKCHAIN_KINDS.keys()].join(', ');
  throw new DomainError('not_supported', `this version doesn't know the blockchainKind; it knows ${words}`);
}

/** The table of chain ids, for the test that compares it. */
export const EVM_CHAIN_IDS = EVM;
