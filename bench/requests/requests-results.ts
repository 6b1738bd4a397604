/** What is measured of signature requests, policies and chains. Times have their unit in the name. */

/** A mean over the rounds of one load. */
export interface LoadFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the service's processes for one item. */
  readonly cpuMicrosecondsByRole: Readonly<Record<string, number>>;
  readonly cpuMicroseconds: number;
  /** The load generator's CPU time for one item. */
  readonly clientCpuMicroseconds: number;
  /** The largest of the rounds; undefined where it isn't known. */
  readonly otherLoad: number | undefined;
}

/** One Hash signature with its signed user action, beside one call of the DSM API, in turns. */
export interface ThreeCallsRow {
  readonly algorithm: string;
  readonly engine: string;
  readonly clients: number;
  /** All three calls together count once. */
  readonly threeCalls: LoadFigures;
  readonly dsmSign: LoadFigures;
  /** Signatures per second of the engine's bare loop on all cores. */
  readonly limitPerSecond: number;
}

export interface PolicyRow {
  readonly algorithm: string;
  /** Of each request: 1 for `sign`, more for `batch/sign`. */
  readonly batchSize: number;
  readonly connections: number;
  /** Such as `1000 that don't match`. */
  readonly policies: string;
  readonly matches: boolean;
  readonly governed: LoadFigures;
  /** The same requests to a service without policies, in turns. */
  readonly free: LoadFigures;
}

export interface ListRow {
  readonly list: string;
  readonly position: 'start' | 'middle' | 'end';
  readonly stored: number;
  readonly items: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ChainRow {
  readonly payload: string;
  readonly decodeMicroseconds: number;
  readonly assembleMicroseconds: number;
  /** viem's work on the same payload, where it has comparable functions. */
  readonly viemMicroseconds: number | undefined;
}

export interface RequestResults {
  readonly threeCalls: readonly ThreeCallsRow[];
  readonly policies: readonly PolicyRow[];
  readonly lists: readonly ListRow[];
  /** How long it took to write the stored requests. */
  readonly fillSeconds: number;
  readonly chains: readonly ChainRow[];
}
