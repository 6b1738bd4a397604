import { DomainError } from '../domain-error.ts';
import type { CustodyName } from '../key-record.ts';
import type { Custody, KeyTransfers } from '../ports/custody.ts';

export type Custodies = ReadonlyMap<CustodyName, Custody>;

/** @throws DomainError `not_supported` */
export function findCustody(custodies: Custodies, name: CustodyName): Custody {
  const custody = custodies.get(name);
  if (custody === undefined) throw new DomainError('not_supported', `custody ${name} is not configured on this server`);
  return custody;
}

/** @throws DomainError `not_supported` for a custody whose private halves aren't its own to move, such as `threshold` */
export function findTransfers(custodies: Custodies, name: CustodyName): KeyTransfers {
  const { transfers } = findCustody(custodies, name);
  if (transfers === undefined)
    throw new DomainError(
      'not_supported',
      `keys in custody ${name} have no children, imports and exports of this kind`,
    );
  return transfers;
}
