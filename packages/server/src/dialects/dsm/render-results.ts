/** Results of signing and verifying to JSON text, put together by hand: base64 and UUIDs need no escaping. */
import type { KeyRecord } from '@countersign/core/key-record';
import type { SigningResult, VerificationResult } from '@countersign/core/signing-item';
import type { Answer } from '../dialect.ts';
import { jsonTextAnswer } from './answers.ts';
import { renderFault, wireError } from './dsm-error.ts';
import { encodeBase64 } from './strict-base64.ts';

type Result = SigningResult | VerificationResult;

/** The array of a batch: 200 as a whole, every item with the status that it would have had alone. */
export function renderBatch(results: readonly Result[]): Answer {
  const memberOf = createKidMember();
  let text = '[';
  let separator = '';
  for (const result of results) {
    if (result.outcome === 'signed')
      text += `${separator}{"status":200,"body":{${memberOf(result.key)}"signature":"${encodeBase64(result.signature)}"}}`;
    else if (result.outcome === 'checked')
      text += `${separator}{"status":200,"body":{${memberOf(result.key)}"result":${result.valid}}}`;
    else {
      const error = errorOf(result);
      text += `${separator}{"status":${error.status},"error":${JSON.stringify(error.text)}}`;
    }
    separator = ',';
  }
  return jsonTextAnswer(`${text}]`);
}

/** The answer to a single request: a batch of one, without its frame. */
export function renderSingle(result: Result): Answer {
  const memberOf = createKidMember();
  if (result.outcome === 'signed')
    return jsonTextAnswer(`{${memberOf(result.key)}"signature":"${encodeBase64(result.signature)}"}`);
  if (result.outcome === 'checked') return jsonTextAnswer(`{${memberOf(result.key)}"result":${result.valid}}`);
  const { status, text } = errorOf(result);
  return renderFault(status, text);
}

function errorOf(result: Exclude<Result, { readonly outcome: 'signed' | 'checked' }>): {
  readonly status: number;
  readonly text: string;
} {
  return result.outcome === 'pending'
    ? wireError('approval_required', 'This operation requires approval')
    : wireError(result.code, result.reason);
}

/** `"kid":"...",` for stored keys, nothing for the others; made once for each run of equal keys. */
function createKidMember(): (key: KeyRecord) => string {
  let lastKey: KeyRecord | undefined;
  let member = '';
  return (key) => {
    if (key !== lastKey) {
      lastKey = key;
      member = key.persistence === 'stored' ? `"kid":"${key.id}",` : '';
    }
    return member;
  };
}
