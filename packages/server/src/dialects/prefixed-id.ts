/**
 * Identifiers as two of the dialects write them: a prefix for the kind of object, then the 128 bits of the UUID as 26 characters of base32
 * (RFC 4648, section 7, the alphabet that keeps the order, in lower case), cut 5-5-16. Reversible, so that no table is
 * needed; the prefix is checked, so that an id of one kind is never taken for another.
 */
import { DomainError, type ErrorSubject } from '@countersign/core/domain-error';
import {
  type AccountId,
  type ApprovalId,
  type AssignmentId,
  type ChangeId,
  type CredentialId,
  type GoverningPolicyId,
  type KeyId,
  type PrincipalId,
  parseId,
  type RequestId,
  type RoleId,
  type TokenId,
  type WalletId,
  type WebhookEventId,
  type WebhookId,
} from '@countersign/core/ids';

interface IdKinds {
  readonly key: KeyId;
  readonly sig: RequestId;
  readonly us: PrincipalId;
  readonly to: TokenId;
  readonly cr: CredentialId;
  readonly or: AccountId;
  readonly pm: RoleId;
  readonly as: AssignmentId;
  readonly ap: ApprovalId;
  readonly wa: WalletId;
  readonly plc: GoverningPolicyId;
  readonly cg: ChangeId;
  readonly wh: WebhookId;
  readonly whe: WebhookEventId;
}
export type IdPrefix = keyof IdKinds;

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
const CHARACTERS = 26;
const PATTERN = /^([a-z]{2,4})-([0-9a-v]{5})-([0-9a-v]{5})-([0-9a-v]{16})$/;

/** What a missing object of this kind is called. */
const SUBJECTS: Readonly<Record<IdPrefix, ErrorSubject>> = {
  key: 'key',
  sig: 'request',
  us: 'user',
  to: 'token',
  cr: 'credential',
  or: 'user',
  pm: 'role',
  as: 'assignment',
  ap: 'approval',
  wa: 'wallet',
  plc: 'policy',
  cg: 'policy',
  wh: 'webhook',
  whe: 'webhook',
};

/** Of each character by its code. Hexadecimal digits have the same values in both alphabets. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))));
const HYPHEN = 0x2d;
/** 26 characters have room for 130 bits: the first two are zero. */
const SPARE_BITS = 2;

/**
 * `key-01snl-t56gb-j8tsok0vn802p80i`. A page has hundreds of ids: both ways move a few bits at a time, since a BigInt of all
 * 128 takes several times as long.
 */
export function writeId<Prefix extends IdPrefix>(prefix: Prefix, id: IdKinds[Prefix]): string {
  let text: string = prefix;
  let written = 0;
  let rest = 0;
  let bits = SPARE_BITS;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    if (code === HYPHEN) continue;
    rest = (rest << 4) | (VALUES[code] ?? 0);
    bits += 4;
    if (bits < 5) continue;
    bits -= 5;
    if (written === 0 || written === 5 || written === 10) text += '-';
    text += ALPHABET[rest >> bits] ?? '';
    rest &= (1 << bits) - 1;
    written++;
  }
  return text;
}

/** Undefined for anything that `writeId` didn't make. */
export function parsePrefixedId<Prefix extends IdPrefix>(prefix: Prefix, text: string): IdKinds[Prefix] | undefined {
  const [, kind, first = '', second = '', third = ''] = PATTERN.exec(text) ?? [];
  if (kind !== prefix) return undefined;
  const characters = first + second + third;
  let uuid = '';
  let nibbles = 0;
  let rest = 0;
  let bits = -SPARE_BITS;
  for (let index = 0; index < CHARACTERS; index++) {
    const value = VALUES[characters.charCodeAt(index)] ?? 0;
    if (index === 0 && value >= 1 << (5 - SPARE_BITS)) return undefined;
    rest = (rest << 5) | value;
    for (bits += 5; bits >= 4; nibbles++) {
      bits -= 4;
      if (nibbles === 8 || nibbles === 12 || nibbles === 16 || nibbles === 20) uuid += '-';
      uuid += ALPHABET[rest >> bits] ?? '';
      rest &= (1 << bits) - 1;
    }
  }
  return parseId(uuid) as IdKinds[Prefix] | undefined;
}

/** From a path: what can't be an id is answered as one that isn't there. @throws DomainError `not_found` */
export function readPathId<Prefix extends IdPrefix>(prefix: Prefix, text: string | undefined): IdKinds[Prefix] {
  const id = parsePrefixedId(prefix, text ?? '');
  if (id === undefined)
    throw new DomainError('not_found', `no such ${SUBJECTS[prefix]}`, { subject: SUBJECTS[prefix] });
  return id;
}

/** From a body or query. @throws DomainError `invalid_request` that names the member */
export function readMemberId<Prefix extends IdPrefix>(prefix: Prefix, member: string, text: string): IdKinds[Prefix] {
  const id = parsePrefixedId(prefix, text);
  if (id === undefined)
    throw new DomainError('invalid_request', `${member} must be an id of this server, such as ${prefix}-01abc-...`);
  return id;
}
