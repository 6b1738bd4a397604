import { DomainError } from '../domain-error.ts';

const MAX_NAME_CHARACTERS = 4096;
const MAX_DESCRIPTION_CHARACTERS = 4096;

/** @throws DomainError `invalid_request` for a name that is blank, too long, or could pose as another in a log */
export function checkKeyName(name: string): void {
  if (name.replace(INVISIBLE, '') === '') throw new DomainError('invalid_request', "a key's name is not blank");
  // Characters as people count them, not UTF-16 units.
  if (name.length > 2 * MAX_NAME_CHARACTERS || [...name].length > MAX_NAME_CHARACTERS)
    throw new DomainError('invalid_request', `a name has at most ${MAX_NAME_CHARACTERS} characters`);
  if (MISLEADING.test(name))
    throw new DomainError('invalid_request', 'a name is one line without control or direction characters');
}

/** @throws DomainError `invalid_request` */
export function checkKeyDescription(description: string): void {
  if (description.length > MAX_DESCRIPTION_CHARACTERS || description.includes('\0'))
    throw new DomainError(
      'invalid_request',
      `a description has at most ${MAX_DESCRIPTION_CHARACTERS} characters, and no NUL`,
    );
}

/** White space, and what looks like nothing. */
const INVISIBLE = /[\s\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/gu;
/** Line ends, NUL and the like, and what turns the direction of text: a name would pose as another in logs. */
const MISLEADING = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
