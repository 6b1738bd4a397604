/** Every call of the service, by its path, with the types of its OpenAPI document. */
import createOpenApiClient, { type Client as OpenApiClient } from 'openapi-fetch';
import type { paths } from './generated/api.ts';
import type { Transport } from './transport.ts';

/** Calls reject with `CountersignError` where the service says no: an answer always has `data`. */
export type Api = OpenApiClient<paths>;

/** Of calls that may take long, or that the caller may give up. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export function createApi(baseUrl: URL, transport: Transport): Api {
  return createOpenApiClient<paths>({ baseUrl: baseUrl.href, fetch: transport });
}

/** What a call answered. */
export async function dataOf<Data>(call: Promise<{ readonly data?: Data }>): Promise<NonNullable<Data>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new TypeError('an answer without a body');
  return data;
}
