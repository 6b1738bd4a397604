import type { Socket } from 'node:net';
import { SEALED_ROLES, type SealedRole } from './frames.ts';
import type { EngineReport } from './messages/hello.ts';
import { DEFAULT_POOL_SETTINGS, type PoolEvent, type PoolSettings, SealedPool } from './sealed-pool.ts';

/** Making an RSA-8192 key takes seconds, sometimes tens of them. */
const GENERATOR_SETTINGS: PoolSettings = {
  ...DEFAULT_POOL_SETTINGS,
  messageTimeoutMs: 300_000,
  queueTimeoutMs: 60_000,
  maxQueuedItems: 1000,
};

/** The process is started by the first work, which has to wait for it, on a busy machine too. */
const ON_DEMAND_SETTINGS: PoolSettings = { ...DEFAULT_POOL_SETTINGS, queueTimeoutMs: 20_000 };

export interface SealedPoolsOptions {
  /** Overrides, for every role. */
  readonly settings?: Partial<PoolSettings>;
  readonly onEvent?: (event: PoolEvent) => void;
}

/** The pools of all roles, under one roof for the composition of the HTTP process. */
export class SealedPools {
  readonly signer: SealedPool;
  readonly generator: SealedPool;
  readonly verifier: SealedPool;
  readonly party: SealedPool;

  constructor(options: SealedPoolsOptions = {}) {
    const onEvent = options.onEvent ?? (() => undefined);
    const pool = (role: SealedRole, settings: PoolSettings): SealedPool =>
      new SealedPool(role, { ...settings, ...options.settings }, onEvent);
    this.signer = pool('signer', DEFAULT_POOL_SETTINGS);
    this.generator = pool('generator', GENERATOR_SETTINGS);
    this.verifier = pool('verifier', ON_DEMAND_SETTINGS);
    this.party = pool('party', ON_DEMAND_SETTINGS);
  }

  attach(role: SealedRole, index: number, incarnation: number, socket: Socket): void {
    this[role].attach(index, incarnation, socket);
  }

  /** Whether the service can sign. */
  health(): boolean {
    return this.signer.health();
  }

  /** Which engine runs each algorithm, and why others don't; from the signers, or whoever came first. */
  engines(): readonly EngineReport[] {
    for (const role of SEALED_ROLES) {
      const engines = this[role].engines();
      if (engines.length > 0) return engines;
    }
    return [];
  }

  async drain(): Promise<void> {
    await Promise.all(SEALED_ROLES.map((role) => this[role].drain()));
  }
}
