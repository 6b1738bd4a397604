/** Bad input on every path of our own API; see `bad-input-suite.ts`. */
import { describeBadInput } from '../../../test/bad-input-suite.ts';
import { TABLE } from './calls.fixture.ts';
import { checkError } from './error-shape.fixture.ts';
import { native } from './native-dialect.ts';

describeBadInput({
  dialect: native,
  table: TABLE,
  checkError,
  page: { limit: 'limit', after: 'after' },
  refusesItem(json) {
    const { results } = json as { readonly results?: readonly { readonly error?: object }[] };
    return results?.some(({ error }) => error !== undefined) === true;
  },
});
