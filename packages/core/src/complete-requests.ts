/** Step 8 for stored requests: how each ends, from the signatures of its parts. */
import type { GovernedCase } from './governed-case.ts';
import type { CustodySignature } from './ports/custody.ts';
import type { RequestCompletion } from './ports/signing-journal.ts';
import { completedRequest } from './requests/request-states.ts';

export interface PlacedSignature {
  readonly place: number;
  readonly signature: CustodySignature;
}

/**
 * The completions of a batch, in the order of the cases. A request of which a signature may exist that we don't have stays
 * as it is: it will be signed again, and only then is it known how it ends.
 */
export function completeRequests(
  cases: readonly GovernedCase[],
  signatures: readonly PlacedSignature[],
  atMs: number,
): readonly RequestCompletion[] {
  const at = new Map(signatures.map(({ place, signature }) => [place, signature]));
  const completions: RequestCompletion[] = [];
  for (const { parts, record } of cases) {
    if (parts.request === undefined || record?.status !== 'executing') continue;
    const ofRequest = parts.places.map((place) => at.get(place) ?? AWAY);
    const completion = completionOf(parts.request.content, ofRequest);
    if (completion !== undefined) completions.push({ id: record.id, atMs, ...completion });
  }
  return completions;
}

/** After the outcome is durable: what the store has now. */
export function noteCompletions(cases: readonly GovernedCase[], completions: readonly RequestCompletion[]): void {
  const byId = new Map(completions.map((completion) => [completion.id, completion]));
  for (const each of cases) {
    const completion = each.record === undefined ? undefined : byId.get(each.record.id);
    if (each.record !== undefined && completion !== undefined) each.record = completedRequest(each.record, completion);
  }
}

type Ending = Omit<RequestCompletion, 'id' | 'atMs'>;

function completionOf(
  content: NonNullable<GovernedCase['parts']['request']>['content'],
  signatures: readonly CustodySignature[],
): Ending | undefined {
  const made: Uint8Array[] = [];
  let unknown = false;
  for (const each of signatures) {
    const reason = failureOf(each);
    if (each.status === 'signed') made.push(each.signature);
    else if (reason === undefined) unknown = true;
    else return failed(reason);
  }
  if (unknown) return undefined;
  const assembled = content.assemble(made);
  if (assembled === undefined) return failed('the signature could not be made');
  const { details, ...rest } = assembled;
  return { status: 'signed', reason: undefined, details, ...rest };
}

/** Undefined for a signature, and where one may exist. */
function failureOf(signature: CustodySignature): string | undefined {
  switch (signature.status) {
    case 'signed':
    case 'unavailable':
      return undefined;
    case 'refused':
      return 'the sealed key does not allow this';
    case 'invalid':
      return 'the payload does not fit the key';
    case 'fault':
      return 'the signature could not be made';
    case 'ceremony-failed':
      return signature.mayExist ? undefined : signature.reason;
  }
}

const AWAY: CustodySignature = { status: 'unavailable' };

function failed(reason: string): Ending {
  return { status: 'failed', reason, signatures: [], signedData: undefined, details: undefined };
}
