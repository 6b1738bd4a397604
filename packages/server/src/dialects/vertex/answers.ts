import type { Answer } from '../dialect.ts';
import { jsonTextAnswer } from '../json-answer.ts';

/** For calls that return nothing: callers that parse JSON and callers that don't both do with it. */
export const NOTHING: Answer = jsonTextAnswer('{}');
