import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { DecodedPayload, JsonValue } from '../chain.ts';
import { type DecodingContext, signedDigest } from './decoding-context.ts';
import { addressText } from './evm-address.ts';
import { InvalidPayload } from './invalid-payload.ts';
import { readAddress, readMembers } from './read-json.ts';
import { readableText } from './readable-text.ts';
import { requireNetwork } from './require-network.ts';
import { deadlineMs, readAllowances, type TypedDataAllowances } from './typed-data-allowances.ts';
import { readDomain, type TypedDataDomain } from './typed-data-domain.ts';
import { TypedDataHasher } from './typed-data-hash.ts';
import { encodeType, inferPrimaryType, readSchema, type TypedDataSchema } from './typed-data-schema.ts';

/**
 * EIP-712: {types, domain, message, primaryType?}. Digest: Keccak-256 over 0x19, 0x01, the domain's hash and the
 * message's. Without `primaryType` it is the one type that no other refers to.
 *
 * Members of the message that its type doesn't have are refused, since an approver would see them and they wouldn't be
 * signed; so are members that are missing, which some libraries take as zero.
 *
 * @throws InvalidPayload
 */
export function decodeTypedData(content: JsonValue, context: DecodingContext): DecodedPayload {
  const members = readMembers(content, 'typed data', ['types', 'domain', 'message', 'primaryType']);
  const types = new Map(readMembers(members.get('types'), 'types'));
  const domain = readDomain(members.get('domain'), types.get('EIP712Domain'));
  types.delete('EIP712Domain');
  const schema = readSchema(types);
  const primaryType = readPrimaryType(members.get('primaryType'), schema);
  const message = members.get('message');

  const domainHash = new TypedDataHasher(new Map([['EIP712Domain', domain.type]])).hashStruct(
    'EIP712Domain',
    members.get('domain'),
    'domain',
  );
  const messageHash = new TypedDataHasher(schema).hashStruct(primaryType, message, 'message');
  if (domain.chainId !== undefined) {
    requireNetwork(context.network, domain.chainId, 'domain.chainId');
  }

  const allowances = allowancesOf(encodeType(schema, primaryType), message, domain, context.address);
  const memo = readableText(JSON.stringify({ domain: members.get('domain'), primaryType, message }));
  return signedDigest(keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainHash, messageHash)), {
    kind: 'decoded',
    chain: 'evm',
    format: 'typed-data',
    network: domain.chainId?.toString(),
    transfers: allowances?.transfers ?? [],
    calls: [],
    fee: undefined,
    expiresAtMs: deadlineMs(allowances?.deadline),
    memo: memo.text,
    complete: allowances?.complete === true && domain.chainId !== undefined,
    warnings: [
      ...(allowances?.warnings ?? []),
      ...(domain.chainId === undefined ? ['The domain names no chain: the signature may be valid on several.'] : []),
      ...(memo.truncated ? ['The typed data is longer than what is shown.'] : []),
    ],
  });
}

function readPrimaryType(value: JsonValue | undefined, schema: TypedDataSchema): string {
  if (value === undefined) {
    return inferPrimaryType(schema);
  }
  if (typeof value !== 'string' || !schema.has(value)) {
    throw new InvalidPayload('primaryType must be the name of one of the types.');
  }
  return value;
}

function allowancesOf(
  encodedType: string,
  message: JsonValue | undefined,
  domain: TypedDataDomain,
  self: string,
): TypedDataAllowances | undefined {
  const contract = domain.members.get('verifyingContract');
  if (contract === undefined) {
    return undefined;
  }
  const token = addressText(readAddress(contract, 'domain.verifyingContract'));
  return readAllowances(encodedType, message, token, self);
}
