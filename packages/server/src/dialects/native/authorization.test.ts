/** Every call of our own API times every kind of caller; see `authorization-suite.ts`. */
import { describeAuthorization } from '../../../test/authorization-suite.ts';
import { TABLE } from './calls.fixture.ts';
import { checkError } from './error-shape.fixture.ts';
import { native } from './native-dialect.ts';

/** Of the one item of a batch. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = { forbidden: 403, not_found: 404 };

describeAuthorization({
  dialect: native,
  table: TABLE,
  takesApiKeys: true,
  checkError,
  isProofMissing: (json) => JSON.stringify(json).includes('"proof_required"'),
  statusOf(status, json) {
    const { results } = json as { readonly results?: readonly { readonly error?: { readonly code: string } }[] };
    const code = results?.[0]?.error?.code;
    return code === undefined ? status : (STATUS_OF_CODE[code] ?? code);
  },
});
