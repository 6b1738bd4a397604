/** Every call of this API times every kind of caller; see `authorization-suite.ts`. */
import { expect } from 'vitest';
import { describeAuthorization } from '../../../test/authorization-suite.ts';
import { TABLE } from './calls.fixture.ts';
import { dfns } from './dfns-dialect.ts';
import { checkError } from './error-shape.fixture.ts';
import { missingMembers } from './required-members.fixture.ts';

describeAuthorization({
  dialect: dfns,
  table: TABLE,
  takesApiKeys: false,
  checkError,
  isProofMissing: (json) => JSON.stringify(json).includes('"user action signature is missing or invalid"'),
  checkAnswer: (name, json) => expect(missingMembers(name, json)).toEqual([]),
});
