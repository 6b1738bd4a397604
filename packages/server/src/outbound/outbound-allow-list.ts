import { BlockList } from 'node:net';
import { type AddressReach, addressReach, addressType, type IpAddress } from './address-reach.ts';

/** One entry of the operator's list (`--outbound-allow`), as plain data. Without `port` it holds for all ports. */
export type OutboundAllowEntry =
  /** Lower case, without a dot at the end. */
  | { readonly kind: 'name'; readonly name: string; readonly port?: number }
  | {
      readonly kind: 'network';
      readonly address: string;
      readonly family: 4 | 6;
      readonly prefixBits: number;
      readonly port?: number;
    };

/** `listed`: the operator named it. `public`: anybody may be called there. */
export type OutboundVerdict = 'listed' | 'public' | 'refused';

interface Network {
  readonly family: 4 | 6;
  readonly range: BlockList;
  readonly port: number | undefined;
}

/** What a listed name opens, and what a listed network opens, besides public addresses. */
const BY_NAME: readonly AddressReach[] = ['public', 'local'];
const BY_NETWORK: readonly AddressReach[] = ['public', 'local', 'special'];

/** The operator's list, and what is reachable without it. */
export class OutboundAllowList {
  readonly #names: readonly { readonly name: string; readonly port: number | undefined }[];
  readonly #networks: readonly Network[];

  constructor(entries: readonly OutboundAllowEntry[]) {
    this.#names = entries.flatMap((entry) => (entry.kind === 'name' ? [{ name: entry.name, port: entry.port }] : []));
    this.#networks = entries.flatMap((entry) => {
      if (entry.kind !== 'network') return [];
      const range = new BlockList();
      range.addSubnet(entry.address, entry.prefixBits, addressType(entry.family));
      return [{ family: entry.family, range, port: entry.port }];
    });
  }

  /** Whether a connection for `host` (lower case, canonical) may go to this one of its addresses. */
  judge(host: string, address: IpAddress, port: number): OutboundVerdict {
    const reach = addressReach(address);
    if (BY_NAME.includes(reach) && this.#hasName(host, port)) return 'listed';
    if (BY_NETWORK.includes(reach) && this.#hasAddress(address, port)) return 'listed';
    return reach === 'public' ? 'public' : 'refused';
  }

  #hasName(host: string, port: number): boolean {
    return this.#names.some((entry) => entry.name === host && (entry.port ?? port) === port);
  }

  #hasAddress({ address, family }: IpAddress, port: number): boolean {
    return this.#networks.some(
      (network) =>
        network.family === family &&
        (network.port ?? port) === port &&
        network.range.check(address, addressType(family)),
    );
  }
}
