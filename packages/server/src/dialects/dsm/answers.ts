import type { Answer } from '../dialect.ts';

/** For calls that return nothing: a body such as `{}` would break a client that decodes "nothing". */
export const NO_CONTENT: Answer = { status: 204 };
