/**
 * The keeper: alone reads the root key, makes the channels, starts the HTTP process and the sealed processes, replaces
 * what dies, and ends everything in order. It listens to nobody but its children and the system's signals.
 */
import { resolve as resolvePath } from 'node:path';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import type { SealedRole } from '../custody/frames.ts';
import { denyMemoryAccess } from '../custody/sealed/isolation-memory.ts';
import { turnOffCoreDumps } from './core-dumps.ts';
import { type DataDir, prepareDataDir } from './data-dir.ts';
import { lockDataDir } from './data-lock.ts';
import { installFamilyFilter } from './family-filter.ts';
import { type HttpProcess, startHttpProcess } from './http-process.ts';
import { openInstallationRecord } from './installation-record.ts';
import type { KeeperLogger } from './keeper-logger.ts';
import type { Json } from './keeper-messages.ts';
import {
  DEFAULT_DRAIN_TIMEOUT_MS,
  type KeeperSettings,
  ON_DEMAND,
  type SealedPlace,
  sealedPlaces,
} from './keeper-settings.ts';
import { landlockVersion } from './landlock.ts';
import { RestartPolicy } from './restart-policy.ts';
import { openRootKey, type RootKey } from './root-key.ts';
import { neverStarted, type SealedProcess, startSealedProcess } from './sealed-process.ts';
import { serviceKey } from './service-key.ts';
import { StartRefused } from './start-refused.ts';

export interface RunningProcess {
  readonly role: SealedRole | 'http';
  readonly index: number;
  readonly incarnation: number;
  readonly pid: number;
}

export interface Keeper {
  /** Where the HTTP process listens, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly installationId: string;
  /** What the HTTP process reports once, at the first start on a folder; the keeper doesn't look inside. */
  readonly firstStart: Json | undefined;
  /** Resolves with the exit code when everything has ended: 0 after a clean drain. */
  readonly finished: Promise<number>;
  /** Drains and ends everything, as SIGTERM does. Calling it again changes nothing. */
  stop(): Promise<number>;
  processes(): readonly RunningProcess[];
}

/** Longer than the HTTP process waits for its signers, whose engines test themselves on a busy machine. */
const START_TIMEOUT_MS = 120_000;
/** How long sealed processes may take to notice that their channel has closed. */
const SEALED_END_TIMEOUT_MS = 2_000;
const SEALED_END_MIN_MS = 500;

const HTTP_LIMITS = {
  firstDelayMs: 100,
  maxDelayMs: 5_000,
  stableAfterMs: 10_000,
  maxQuickEnds: 5,
  isTirelessOnceProven: false,
};
const SEALED_LIMITS = {
  firstDelayMs: 50,
  maxDelayMs: 2_000,
  stableAfterMs: 5_000,
  maxQuickEnds: 8,
  isTirelessOnceProven: true,
};

const EXIT_OK = 0;
const EXIT_FAILED = 1;
/** As shells count: 128 + the signal's number. */
const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXITS;

/**
 * Starts the service on a data folder, and resolves when it listens. From then on SIGTERM, SIGINT and SIGHUP drain it;
 * a second signal ends it at once.
 *
 * This changes the calling process for good: unreadable to others, no core dumps, no new privileges, a system call
 * filter. Call it once per process.
 *
 * @throws StartRefused when it can't or must not start; nothing runs then and the folder is free
 */
export async function startKeeper(
  settings: KeeperSettings,
  { logger }: { readonly logger: KeeperLogger },
): Promise<Keeper> {
  harden(logger);
  const dataDir = prepareDataDir(resolvePath(settings.dataDir), settings.rootKeySource);
  const lock = lockDataDir(dataDir.path);
  let rootKey: RootKey | undefined;
  try {
    rootKey = loadRootKey(settings, dataDir, logger);
    const family = new Family(settings, dataDir, rootKey, logger);
    const address = await family.start();
    const { installationId } = rootKey;
    const keyToFree = rootKey.key;
    const finished = family.finished.finally(() => {
      freeSecret(keyToFree);
      lock.release();
    });
    return {
      address,
      installationId,
      firstStart: family.firstStart(),
      finished,
      stop: () => {
        family.stop('asked to');
        return finished;
      },
      processes: () => family.processes(),
    };
  } catch (error) {
    if (rootKey !== undefined) freeSecret(rootKey.key);
    lock.release();
    throw error;
  }
}

function harden(logger: KeeperLogger): void {
  if (process.platform === 'win32') {
    throw new StartRefused(
      'unsupported_platform',
      'The service needs Unix sockets that can be handed to another process: run it on Linux or macOS (or in WSL).',
    );
  }
  // Everything made from here on, databases included, is for this user alone.
  process.umask(0o077);
  turnOffCoreDumps();
  denyMemoryAccess();
  const reason = installFamilyFilter();
  if (reason !== undefined) logger.warn({ reason }, 'weak isolation');
  if (landlockVersion() < 1) logger.warn({ reason: 'the system has no Landlock' }, 'weak isolation');
}

function loadRootKey(settings: KeeperSettings, dataDir: DataDir, logger: KeeperLogger): RootKey {
  const store = openInstallationRecord(dataDir.databasePath);
  try {
    return openRootKey(settings.rootKeySource, store, logger);
  } finally {
    store.close();
  }
}

interface Slot extends SealedPlace {
  readonly policy: RestartPolicy;
  /** false: left empty until there is work for its role. */
  isWanted: boolean;
  incarnation: number;
  process: SealedProcess | undefined;
}

/** All children and the rules by which they come and go. */
class Family {
  readonly finished: Promise<number>;
  readonly #finish: (exitCode: number) => void;
  readonly #settings: KeeperSettings;
  readonly #dataDir: DataDir;
  readonly #rootKey: RootKey;
  readonly #logger: KeeperLogger;
  readonly #slots: readonly Slot[];
  readonly #httpPolicy = new RestartPolicy(HTTP_LIMITS);
  readonly #drainTimeoutMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #signals: ReadonlyMap<StopSignal, () => void>;
  readonly #isConfined = landlockVersion() > 0;
  #http: HttpProcess | undefined;
  #httpIncarnation = 0;
  #isStopping = false;
  #exitCode: number | undefined;
  /** Set once, by whatever ends a start before it is ready. */
  #failStart: ((error: StartRefused) => void) | undefined;

  constructor(settings: KeeperSettings, dataDir: DataDir, rootKey: RootKey, logger: KeeperLogger) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.finished = promise;
    this.#finish = resolve;
    this.#settings = settings;
    this.#dataDir = dataDir;
    this.#rootKey = rootKey;
    this.#logger = logger;
    this.#drainTimeoutMs = settings.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS;
    this.#slots = sealedPlaces(settings).map((place) => ({
      ...place,
      policy: new RestartPolicy(SEALED_LIMITS),
      isWanted: !ON_DEMAND.includes(place.role),
      incarnation: 0,
      process: undefined,
    }));
    this.#signals = new Map(
      (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => [signal, () => this.#onSignal(signal)]),
    );
  }

  /** Resolves with the address. @throws StartRefused, with everything ended again */
  async start(): Promise<string> {
    for (const [signal, listener] of this.#signals) process.on(signal, listener);
    const failed = new Promise<never>((_resolve, reject) => {
      this.#failStart = reject;
    });
    const timer = this.#later(START_TIMEOUT_MS, () =>
      this.#failStart?.(new StartRefused('http_failed', 'The HTTP process did not get ready in time.')),
    );
    try {
      const address = await Promise.race([this.#startAll().ready, failed]);
      // From now on a sealed process that ends, however often, costs its requests and not the service.
      for (const { policy } of this.#slots) policy.prove();
      this.#logger.info({ address }, 'ready');
      return address;
    } catch (error) {
      await this.#end(EXIT_FAILED);
      throw error;
    } finally {
      this.#failStart = undefined;
      this.#cancel(timer);
    }
  }

  stop(reason: string): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#logger.info({ reason }, 'draining');
    if (this.#failStart !== undefined) {
      this.#failStart(new StartRefused('stopped', 'Stopped before it was ready.'));
      return;
    }
    void this.#drain();
  }

  firstStart(): Json | undefined {
    return this.#http?.firstStart();
  }

  processes(): readonly RunningProcess[] {
    const list: RunningProcess[] = [];
    if (this.#http?.pid !== undefined) {
      list.push({ role: 'http', index: 0, incarnation: this.#httpIncarnation, pid: this.#http.pid });
    }
    for (const { role, index, incarnation, process: sealed } of this.#slots) {
      if (sealed?.pid !== undefined) list.push({ role, index, incarnation, pid: sealed.pid });
    }
    return list;
  }

  #startAll(): HttpProcess {
    const http = startHttpProcess({
      entry: this.#settings.httpEntry,
      databaseDir: this.#dataDir.databaseDir,
      extraReads: (this.#settings.httpReads ?? []).map((path) => resolvePath(path)),
      isConfined: this.#isConfined,
      config: {
        type: 'config',
        config: this.#settings.httpConfig,
        installationId: this.#rootKey.installationId,
        databasePath: this.#dataDir.databasePath,
        serviceKey: Buffer.from(serviceKey(this.#rootKey.key, this.#rootKey.installationId)).toString('base64'),
        drainTimeoutMs: this.#drainTimeoutMs,
      },
      onWant: (role) => this.#want(role, http),
    });
    this.#http = http;
    this.#httpIncarnation += 1;
    void http.ended.then((how) => this.#onHttpEnded(http, how));
    for (const slot of this.#slots) if (slot.isWanted) this.#fill(slot, http);
    return http;
  }

  #want(role: SealedRole, http: HttpProcess): void {
    if (this.#isStopping || this.#http !== http) return;
    for (const slot of this.#slots) {
      if (slot.role !== role || slot.isWanted) continue;
      slot.isWanted = true;
      this.#fill(slot, http);
    }
  }

  #fill(slot: Slot, http: HttpProcess): void {
    slot.incarnation += 1;
    const { role, index, incarnation } = slot;
    let sealed: SealedProcess;
    try {
      sealed = startSealedProcess({
        entry: this.#settings.sealedEntry,
        place: slot,
        rootKey: this.#rootKey.key,
        environment: { ...this.#settings.sealedEnvironment, ...this.#settings.roleEnvironment?.[role] },
        deliver: (socket) => http.sendChannel({ type: 'channel', role, index, incarnation }, socket),
      });
    } catch (error) {
      sealed = neverStarted(error);
    }
    slot.process = sealed;
    void sealed.ended.then((how) => this.#onSealedEnded(slot, sealed, how));
  }

  #onSealedEnded(slot: Slot, sealed: SealedProcess, how: string): void {
    if (slot.process !== sealed) return;
    slot.process = undefined;
    // Without an HTTP process it had nobody to serve; both come back together.
    if (this.#isStopping || this.#http === undefined) return;
    const { role, index, incarnation } = slot;
    const decision = slot.policy.ended(performance.now() - sealed.startedAtMs);
    this.#logger.warn({ role, index, incarnation, how, ...decision }, 'a sealed process ended');
    if (decision.restart) {
      this.#later(decision.delayMs, () => {
        if (!this.#isStopping && this.#http !== undefined && slot.process === undefined) this.#fill(slot, this.#http);
      });
    } else this.#giveUp(new StartRefused('sealed_failed', `The ${role} process ends as soon as it starts: ${how}.`));
  }

  #onHttpEnded(http: HttpProcess, how: string): void {
    if (this.#http !== http) return;
    this.#http = undefined;
    // Drains and failed starts watch `ended` themselves.
    if (this.#isStopping) return;
    if (this.#failStart !== undefined) {
      this.#giveUp(new StartRefused('http_failed', `The HTTP process ended before it was ready: ${how}.`));
      return;
    }
    const decision = this.#httpPolicy.ended(performance.now() - http.startedAtMs);
    this.#logger.error({ how, ...decision }, 'the HTTP process ended');
    if (decision.restart) void this.#restartAll(decision.delayMs);
    else this.#giveUp(new StartRefused('http_failed', `The HTTP process ends again and again: ${how}.`));
  }

  /** Channels can't be moved from one HTTP process to the next: the sealed processes are replaced with it. */
  async #restartAll(delayMs: number): Promise<void> {
    await this.#endSealed(0);
    this.#later(delayMs, () => {
      if (this.#isStopping) return;
      void this.#startAll().ready.then((address) => this.#logger.info({ address }, 'ready again'));
    });
  }

  #giveUp(error: StartRefused): void {
    if (this.#failStart !== undefined) {
      this.#failStart(error);
      return;
    }
    this.#isStopping = true;
    this.#logger.error({ code: error.code }, error.message);
    void this.#end(EXIT_FAILED);
  }

  #onSignal(signal: StopSignal): void {
    if (!this.#isStopping) {
      this.stop(signal);
      return;
    }
    // Asked twice: no more waiting. The children that remain are killed, so that none is left behind.
    this.#logger.warn({ signal }, 'ending at once');
    void this.#end(SIGNAL_EXITS[signal]);
  }

  async #drain(): Promise<void> {
    const http = this.#http;
    if (http === undefined) {
      await this.#end(EXIT_OK);
      return;
    }
    const startedMs = performance.now();
    http.drain();
    const how = await this.#within(this.#drainTimeoutMs, http.ended);
    if (how === undefined) this.#logger.error({}, 'the HTTP process did not drain in time and is killed');
    else if (how !== 'exit code 0') this.#logger.error({ how }, 'the HTTP process did not drain cleanly');
    // The sealed processes see their channels close. Nobody waits any more for what one of them may still be computing.
    const leftMs = this.#drainTimeoutMs - (performance.now() - startedMs);
    if (how !== undefined) await this.#endSealed(Math.min(SEALED_END_TIMEOUT_MS, Math.max(SEALED_END_MIN_MS, leftMs)));
    await this.#end(how === 'exit code 0' ? EXIT_OK : EXIT_FAILED);
  }

  /** Nothing is left afterwards. The first caller's exit code counts. */
  async #end(exitCode: number): Promise<void> {
    this.#isStopping = true;
    this.#exitCode ??= exitCode;
    for (const timer of this.#timers) this.#cancel(timer);
    const http = this.#http;
    http?.kill();
    await Promise.all([http?.ended, this.#endSealed(0)]);
    for (const [signal, listener] of this.#signals) process.off(signal, listener);
    this.#finish(this.#exitCode);
  }

  async #endSealed(graceMs: number): Promise<void> {
    const running = this.#slots.flatMap((slot) => slot.process ?? []);
    const ended = Promise.all(running.map((sealed) => sealed.ended));
    if (graceMs > 0 && (await this.#within(graceMs, ended)) !== undefined) return;
    for (const sealed of running) sealed.kill();
    await ended;
  }

  /** Undefined: too late. */
  async #within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = this.#later(limitMs, () => resolve(undefined));
    const result = await Promise.race([promise, late]);
    this.#cancel(timer);
    return result;
  }

  #later(delayMs: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}
