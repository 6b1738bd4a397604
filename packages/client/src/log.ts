import { type Api, dataOf } from './api.ts';
import type { components } from './generated/api.ts';

export type LogHead = components['schemas']['LogHead'];
export type LogEntry = components['schemas']['LogEntry'];
export type InclusionProof = components['schemas']['InclusionProof'];
export type ConsistencyProof = components['schemas']['ConsistencyProof'];

/** The log of signatures and changes. Proofs are as they came: whoever wants to rely on one verifies it (RFC 9162). */
export interface Log {
  checkpoint(): Promise<LogHead>;
  /** Entries of the caller's account that begin at leaf `from` (default 0) or after it, oldest first. */
  entries(from?: number): AsyncGenerator<LogEntry, void, undefined>;
  inclusionProof(leaf: number, size?: number): Promise<InclusionProof>;
  /** That the log of `size` (default: as it is now) continues the one of `oldSize`. */
  consistencyProof(oldSize: number, size?: number): Promise<ConsistencyProof>;
}

const PAGE_LIMIT = 1_000;

export function createLog(api: Api): Log {
  return {
    checkpoint: () => dataOf(api.GET('/api/v1/log/checkpoint')),
    async *entries(from = 0) {
      // A page may be empty and yet have one after it: only `next` says where the end is.
      for (let at: number | undefined = from; at !== undefined; ) {
        const query: { from: number; limit: number } = { from: at, limit: PAGE_LIMIT };
        const page: { items: LogEntry[]; next?: number } = await dataOf(
          api.GET('/api/v1/log/entries', { params: { query } }),
        );
        yield* page.items;
        at = page.next;
      }
    },
    inclusionProof: (leaf, size) =>
      dataOf(api.GET('/api/v1/log/inclusion', { params: { query: { leaf, ...(size !== undefined && { size }) } } })),
    consistencyProof: (oldSize, size) =>
      dataOf(
        api.GET('/api/v1/log/consistency', { params: { query: { oldSize, ...(size !== undefined && { size }) } } }),
      ),
  };
}
