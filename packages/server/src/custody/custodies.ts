/** All custodies. Adding one is its file and one line here. */
import type { CustodyName } from '@countersign/core/key-record';
import type { Custody } from '@countersign/core/ports/custody';
import type { SealedPools } from './sealed-pools.ts';
import { VaultCustody } from './vault-custody.ts';

const CUSTODIES: readonly ((pools: SealedPools) => Custody)[] = [(pools) => new VaultCustody(pools)];

/** Every custody of this process, by the name that key records carry. */
export function createCustodies(pools: SealedPools): ReadonlyMap<CustodyName, Custody> {
  return new Map(CUSTODIES.map((create) => create(pools)).map((custody) => [custody.name, custody]));
}
