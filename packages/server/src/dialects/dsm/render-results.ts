/** Results of signing and verifying to JSON text, put together by hand: base64 and UUIDs need no escaping. */
import type { KeyRecord } from '@countersign/core/key-record';
import type { SigningResult, VerificationResult } from '@countersign/core/signing-item';
import type { Answer } from '../dialect.ts';
import { jsonTextAnswer } from '../json-answer.ts';
import { renderFault, wireError } from './dsm-error.ts';
import { encodeBase64 } from './strict-base64.ts';

type Result = SigningResult | VerificationResult;

/** The array of a batch: 200 as a whole, every item with the status that it would have had alone. */
export function renderBatch(results: readonly Result[]): Answer {
  const signedHead = oncePerKey((key) => `{"status":200,"body":{${kidMember(key)}"signature":"`);
  const checkedHead = oncePerKey((key) => `{"status":200,"body":{${kidMember(key)}"result":`);
  let text = '[';
  let separator = '';
  for (const result of results) {
    if (result.outcome === 'signed')
      text += `${separator}${signedHead(result.key)}${encodeBase64(result.signature)}"}}`;
    else if (result.outcome === 'checked') text += `${separator}${checkedHead(result.key)}${result.valid}}}`;
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
  if (result.outcome === 'signed')
    return jsonTextAnswer(`{${kidMember(result.key)}"signature":"${encodeBase64(result.signature)}"}`);
  if (result.outcome === 'checked') return jsonTextAnswer(`{${kidMember(result.key)}"result":${result.valid}}`);
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

/** `"kid":"...",` for stored keys, nothing for the others. */
function kidMember(key: KeyRecord): string {
  return key.persistence === 'stored' ? `"kid":"${key.id}",` : '';
}

/** A batch is over few keys: what is the same for all results of one is put together once. */
function oncePerKey(render: (key: KeyRecord) => string): (key: KeyRecord) => string {
  const rendered = new Map<KeyRecord, string>();
  return (key) => {
    let text = rendered.get(key);
    if (text === undefined) {
      text = render(key);
      rendered.set(key, text);
    }
    return text;
  };
}
