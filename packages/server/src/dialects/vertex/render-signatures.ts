/** Answers to sign calls as JSON text, put together by hand: hexadecimal needs no escaping. */
import type { Answer } from '../dialect.ts';
import { jsonTextAnswer } from '../json-answer.ts';
import { encodeHex } from './hex.ts';
import type { SignAnswer } from './sign-requests.ts';
import { errorAnswer } from './vertex-error.ts';

/** The answer to a single request. */
export function renderSingle(answer: SignAnswer): Answer {
  return 'error' in answer
    ? errorAnswer(answer.error)
    : jsonTextAnswer(`{"signature":"${encodeHex(answer.signature)}"}`);
}

/** The list of a batch: 200 as a whole, every element tagged as `Signature` or `Error`. */
export function renderBatch(answers: readonly SignAnswer[]): Answer {
  const elements = answers.map((answer) =>
    'error' in answer
      ? `{"Error":${JSON.stringify({ err_type: answer.error.errType, err_msg: answer.error.errMsg })}}`
      : `{"Signature":{"signature":"${encodeHex(answer.signature)}"}}`,
  );
  return jsonTextAnswer(`[${elements.join(',')}]`);
}
