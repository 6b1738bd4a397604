/** One HTTP exchange: the whole answer within a time, or a `CountersignError`. */
import type { Call } from './call.ts';
import { CountersignError } from './countersign-error.ts';
import { errorOfAnswer } from './error-answer.ts';

/** As `fetch`, which may be replaced by one that trusts a private authority or goes through a proxy. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

const MS_PER_SECOND = 1_000;

/** Node's names for a connection that never was. */
const UNSENT: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** @throws CountersignError, or the call's signal's reason */
export async function exchange(fetch: Fetch, timeoutMs: number, call: Call): Promise<Response> {
  // A long poll may take as long as it asked for, and then the usual time.
  const waitMs = Number(call.url.searchParams.get('wait') ?? 0) * MS_PER_SECOND;
  const timeout = AbortSignal.timeout(timeoutMs + waitMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(call.url, {
      method: call.method,
      headers: call.headers,
      ...(call.body.length > 0 && { body: call.body }),
      signal: AbortSignal.any([call.signal, timeout]),
      // What authenticates the caller goes to the address that was configured and to no other.
      redirect: 'error',
    });
    text = await response.text();
  } catch (error) {
    call.signal.throwIfAborted();
    if (timeout.aborted)
      throw new CountersignError('timed_out', `no answer within ${timeoutMs + waitMs} ms`, { cause: error });
    throw new CountersignError('unreachable', `${call.url.origin} doesn't answer${reasonOf(error)}`, {
      cause: error,
      isUnsent: UNSENT.includes(causeCode(error)),
    });
  }
  if (!response.ok) throw errorOfAnswer(response, text);
  if (!/^application\/json\b/.test(response.headers.get('content-type') ?? ''))
    throw new CountersignError('unexpected_answer', `what answers at ${call.url.origin} isn't a Countersign service`, {
      status: response.status,
    });
  return new Response(text, { status: response.status, headers: { 'content-type': 'application/json' } });
}

function reasonOf(error: unknown): string {
  const code = causeCode(error);
  return typeof code === 'string' ? ` (${code})` : '';
}

/** `fetch` says "fetch failed"; why is in the cause, and with several addresses in the errors below it. */
function causeCode(error: unknown): unknown {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('code' in cause) return cause.code;
  return cause instanceof AggregateError
    ? (cause.errors[0] as { readonly code?: unknown } | undefined)?.code
    : undefined;
}
