import { availableParallelism } from 'node:os';
import type { SealedRole } from '../custody/frames.ts';
import type { Json } from './keeper-messages.ts';
import type { RootKeySource } from './root-key-source.ts';

/** What the command line tells the keeper. Paths may be relative to the working directory. */
export interface KeeperSettings {
  /** Made with mode 0700 when it doesn't exist. */
  readonly dataDir: string;
  readonly rootKeySource: RootKeySource;
  /** Signer processes; default: one per core. */
  readonly signers?: number;
  /** Keyless processes that check signatures; default 1. */
  readonly verifiers?: number;
  /** The HTTP process's program, `packages/server/src/http-main.ts`. */
  readonly httpEntry: string;
  /** The sealed processes' program, `packages/server/src/custody/sealed/main.ts`. */
  readonly sealedEntry: string;
  /** Passed on to the HTTP process as it is. */
  readonly httpConfig: Json;
  /** Files that the HTTP process may read besides code and database, such as a TLS certificate and its key. */
  readonly httpReads?: readonly string[];
  /** Added to the sealed processes' environment, such as the path of a library. */
  readonly sealedEnvironment?: Readonly<Record<string, string>>;
  /** Added to that for the processes of one role alone. */
  readonly roleEnvironment?: Partial<Readonly<Record<SealedRole, Readonly<Record<string, string>>>>>;
  /** From the signal to the end of the HTTP process, before it is killed; default 30 s. */
  readonly drainTimeoutMs?: number;
}

export const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

/**
 * Roles whose processes are started when the first work for them comes, and stay: a service that only signs needn't keep
 * a verifier in memory, nor one without threshold keys a party. The first of that work waits for a start.
 */
export const ON_DEMAND: readonly SealedRole[] = ['verifier', 'party'];

/** One place of a sealed process, filled again when its process ends. */
export interface SealedPlace {
  readonly role: SealedRole;
  readonly index: number;
}

/** One generator is enough: it exists so that a key pair that takes seconds holds up no signature. */
export function sealedPlaces(settings: KeeperSettings): readonly SealedPlace[] {
  const counts: readonly (readonly [SealedRole, number])[] = [
    ['signer', settings.signers ?? availableParallelism()],
    ['generator', 1],
    ['verifier', settings.verifiers ?? 1],
    // One, since a room's secrets live in the process that opened it.
    ['party', 1],
  ];
  return counts.flatMap(([role, count]) => Array.from({ length: count }, (_, index) => ({ role, index })));
}
