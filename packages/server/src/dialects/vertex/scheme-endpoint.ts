import type { Endpoint } from '../dialect.ts';
import type { VertexScheme } from './scheme.ts';

/** One call of the API for whichever scheme: where it is, and what it does there. */
export type SchemeEndpoint = (scheme: VertexScheme) => readonly Endpoint[];
