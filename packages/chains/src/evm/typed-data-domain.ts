import type { JsonValue } from '../chain.ts';
import { InvalidPayload } from './invalid-payload.ts';
import { type JsonMembers, MAX_UINT256, readArray, readMembers, readUint } from './read-json.ts';
import type { MemberType, StructMember } from './typed-data-schema.ts';

/** The members of EIP712Domain in the order that the standard gives them. */
const DOMAIN_MEMBERS: readonly StructMember[] = [
  { name: 'name', type: { kind: 'string' }, typeText: 'string' },
  { name: 'version', type: { kind: 'string' }, typeText: 'string' },
  { name: 'chainId', type: { kind: 'uint', bits: 256 } satisfies MemberType, typeText: 'uint256' },
  { name: 'verifyingContract', type: { kind: 'address' }, typeText: 'address' },
  { name: 'salt', type: { kind: 'fixedBytes', size: 32 } satisfies MemberType, typeText: 'bytes32' },
];

export interface TypedDataDomain {
  /** The type that the domain's members make: those that are there, in the standard's order. */
  readonly type: readonly StructMember[];
  readonly members: JsonMembers;
  readonly chainId: bigint | undefined;
}

/**
 * Reads `domain`. Values other than the chain id are checked when the domain is hashed.
 *
 * @param declared the entry `EIP712Domain` of `types`, where there is one: it must say exactly what follows from the
 *   domain's members. An entry that says something else would change the hash behind the shown domain.
 * @throws InvalidPayload
 */
export function readDomain(domain: JsonValue | undefined, declared: JsonValue | undefined): TypedDataDomain {
  const members = readMembers(
    domain,
    'domain',
    DOMAIN_MEMBERS.map(({ name }) => name),
  );
  const type = DOMAIN_MEMBERS.filter(({ name }) => members.has(name));
  if (type.length === 0) {
    throw new InvalidPayload('domain must have at least one member.');
  }
  // Some libraries leave an empty version out of the type and others don't: two hashes for one payload.
  if (declared === undefined && members.get('version') === '') {
    throw new InvalidPayload('domain.version is empty: leave it out, or say by types.EIP712Domain that it is signed.');
  }
  if (declared !== undefined && !isSameType(declared, type)) {
    const expected = type.map(({ name, typeText }) => `${typeText} ${name}`).join(', ');
    throw new InvalidPayload(`types.EIP712Domain must be left out, or be exactly: ${expected}.`);
  }
  return {
    type,
    members,
    chainId: members.has('chainId') ? readUint(members.get('chainId'), 'domain.chainId', MAX_UINT256) : undefined,
  };
}

function isSameType(declared: JsonValue, type: readonly StructMember[]): boolean {
  const items = readArray(declared, 'types.EIP712Domain', DOMAIN_MEMBERS.length);
  return (
    items.length === type.length &&
    items.every((item, index) => {
      const member = readMembers(item, `types.EIP712Domain[${index}]`, ['name', 'type']);
      return member.get('name') === type[index]?.name && member.get('type') === type[index]?.typeText;
    })
  );
}
