/** Bad input on every path of this API; see `bad-input-suite.ts`. */
import { describeBadInput } from '../../../test/bad-input-suite.ts';
import { TABLE } from './calls.fixture.ts';
import { dfns } from './dfns-dialect.ts';
import { checkError } from './error-shape.fixture.ts';

describeBadInput({ dialect: dfns, table: TABLE, checkError, page: { limit: 'limit', after: 'paginationToken' } });
