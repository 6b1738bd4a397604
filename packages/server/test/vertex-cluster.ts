/**
 * Several real servers as parties of threshold keys, for tests: each with a data folder, keys and processes of its own,
 * on loopback. Every call has a limit in time, and `stop` leaves nothing behind.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newApiKey, type RunningService, startService } from './running-service.ts';

const CALL_TIMEOUT_MS = 60_000;

export type ThresholdScheme = 'bip340' | 'ed25519';
export const THRESHOLD_SCHEMES: readonly ThresholdScheme[] = ['bip340', 'ed25519'];

/** What a server answered; `body` is its JSON, or its text where that is none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Members of a request that say where the parties meet. */
export interface MeetingMembers {
  readonly room_uuid: string;
  readonly relay_address: string;
}

/** A key as its parties know it: the id and the keygen id of each, in the order of the parties. */
export interface ClusterKey {
  readonly scheme: ThresholdScheme;
  readonly threshold: number;
  /** Positions of its holders in the cluster. */
  readonly holders: readonly number[];
  readonly keyIds: readonly string[];
  readonly keygenIds: readonly string[];
}

export interface ClusterOptions {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** One server with one user. */
export class ClusterParty {
  readonly dataDir: string;
  #service: RunningService | undefined;
  #userKey = '';
  #port = 0;
  readonly #adminKey: string;
  readonly #options: ClusterOptions;

  constructor(dataDir: string, options: ClusterOptions, adminKey = newApiKey()) {
    this.dataDir = dataDir;
    this.#options = options;
    this.#adminKey = adminKey;
  }

  /** `host:port`, of the relay too; the same after a restart. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get userKey(): string {
    return this.#userKey;
  }

  /** The first start makes the user; later ones listen where the first did. */
  async start(): Promise<void> {
    const { flags = [], env } = this.#options;
    this.#service = await startService(this.dataDir, {
      apiKey: this.#adminKey,
      flags: ['--signers', '1', ...flags],
      ...(env !== undefined && { env }),
      listen: this.#port === 0 ? undefined : this.address,
    });
    this.#port = Number(new URL(this.#service.url).port);
    if (this.#userKey !== '') return;
    const { api_key } = expectBody(await this.admin('GET', '/admin/create-user?name=desk'));
    this.#userKey = String(api_key);
  }

  /** As the user. */
  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#call(method, path, body, this.#userKey);
  }

  /** As the administrator. */
  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#call(method, path, body, this.#adminKey);
  }

  callAs(apiKey: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#call(method, path, body, apiKey);
  }

  /** kill -9 to all processes of the server. */
  async kill(): Promise<void> {
    await this.#service?.killAll();
    this.#service = undefined;
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | null> {
    const code = await this.#service?.stop();
    this.#service = undefined;
    return code ?? null;
  }

  /** A second server on a copy of everything that this one has; both run afterwards. */
  async copy(): Promise<ClusterParty> {
    await this.stop();
    const twin = new ClusterParty(`${this.dataDir}-copy`, this.#options, this.#adminKey);
    cpSync(this.dataDir, twin.dataDir, { recursive: true });
    twin.#userKey = this.#userKey;
    await Promise.all([this.start(), twin.start()]);
    return twin;
  }

  /** What it wrote since its last start. */
  output(): string {
    return this.#service?.output() ?? '';
  }

  async #call(method: string, path: string, body: unknown, apiKey: string): Promise<Answer> {
    const response = await fetch(`http://${this.address}${path}`, {
      method,
      headers: { authorization: apiKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const text = await response.text();
    try {
      return { status: response.status, body: JSON.parse(text) };
    } catch {
      return { status: response.status, body: text };
    }
  }
}

export class VertexCluster {
  readonly parties: readonly ClusterParty[];
  readonly #folder: string;

  private constructor(folder: string, parties: readonly ClusterParty[]) {
    this.#folder = folder;
    this.parties = parties;
  }

  static async start(size: number, options: ClusterOptions = {}): Promise<VertexCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-cluster-'));
    const parties = Array.from({ length: size }, (_, index) => new ClusterParty(join(folder, `${index}`), options));
    const cluster = new VertexCluster(folder, parties);
    try {
      await Promise.all(parties.map((party) => party.start()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  party(index: number): ClusterParty {
    const party = this.parties[index];
    if (party === undefined) throw new RangeError(`no party ${index}`);
    return party;
  }

  /** Ends every process and removes every folder, whatever state they are in. */
  async stop(): Promise<void> {
    // Without /proc only a server itself knows its processes.
    const end = (party: ClusterParty) => (process.platform === 'linux' ? party.kill() : party.stop());
    await Promise.all(this.parties.map(end));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A room at the relay of one of the parties. */
  async room(size: number, at = 0): Promise<MeetingMembers> {
    const party = this.party(at);
    const { room_uuid } = expectBody(await party.call('POST', '/create-room', { room_size: size }));
    return { room_uuid: String(room_uuid), relay_address: party.address };
  }

  /** The same call to several parties at once, each with a body of its own. */
  together(
    parties: readonly number[],
    method: string,
    path: string,
    bodyOf: (place: number, party: number) => unknown,
  ): Promise<readonly Answer[]> {
    return Promise.all(parties.map((party, place) => this.party(party).call(method, path, bodyOf(place, party))));
  }

  /** Key ids and keygen ids, before any of the parties have met. */
  async create(scheme: ThresholdScheme, threshold: number, holders: readonly number[]): Promise<ClusterKey> {
    const created = (await this.together(holders, 'GET', `/${scheme}/create`, () => undefined)).map(expectBody);
    return {
      scheme,
      threshold,
      holders,
      keyIds: created.map(({ key_id }) => String(key_id)),
      keygenIds: created.map(({ keygen_id }) => String(keygen_id)),
    };
  }

  async keygen(key: ClusterKey, meeting?: MeetingMembers): Promise<readonly Answer[]> {
    const { scheme, threshold, holders } = key;
    const where = meeting ?? (await this.room(holders.length));
    return this.together(holders, 'POST', `/${scheme}/keygen`, (place) => ({
      ...where,
      key_id: key.keyIds[place],
      num_parties: holders.length,
      threshold,
      others_keygen_ids: key.keygenIds.filter((_, other) => other !== place),
    }));
  }

  /** @throws Error unless all parties have the key */
  async newKey(scheme: ThresholdScheme, threshold: number, holders: readonly number[]): Promise<ClusterKey> {
    const key = await this.create(scheme, threshold, holders);
    for (const answer of await this.keygen(key)) expectBody(answer);
    return key;
  }

  /** Hex; each holder's own answer. */
  async publicKeys(key: ClusterKey, derivation: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
    const { scheme } = key;
    const path = scheme === 'bip340' ? '/bip340/derive-tweak-pubkey' : `/${scheme}/derive-pubkey`;
    const answers = await this.together(key.holders, 'POST', path, (place) => ({
      key_id: key.keyIds[place],
      ...derivation,
    }));
    return answers.map((answer) => String(expectBody(answer)['pubkey']));
  }

  /**
   * One signature by some of the holders.
   * @param places positions among the key's holders
   */
  async sign(
    key: ClusterKey,
    places: readonly number[],
    request: Readonly<Record<string, unknown>>,
    meeting?: MeetingMembers,
  ): Promise<readonly Answer[]> {
    const where = meeting ?? (await this.room(places.length));
    return this.together(holdersAt(key, places), 'POST', `/${key.scheme}/sign`, (at) => ({
      ...where,
      key_id: key.keyIds[places[at] ?? -1],
      ...request,
    }));
  }

  /** A batch; every element in a room of its own. `requestsOf` gives what a party is asked, by place among the holders. */
  async batchSign(
    key: ClusterKey,
    places: readonly number[],
    requestsOf: (place: number) => readonly Readonly<Record<string, unknown>>[],
  ): Promise<readonly Answer[]> {
    const rooms = await Promise.all(requestsOf(places[0] ?? 0).map(() => this.room(places.length)));
    return this.together(holdersAt(key, places), 'POST', `/${key.scheme}/batch-sign`, (at) => ({
      sign_requests: requestsOf(places[at] ?? -1).map((request, index) => ({
        ...rooms[index],
        key_id: key.keyIds[places[at] ?? -1],
        ...request,
      })),
    }));
  }

  refresh(key: ClusterKey, meeting: MeetingMembers): Promise<readonly Answer[]> {
    return this.together(key.holders, 'POST', `/${key.scheme}/refresh`, (place) => ({
      ...meeting,
      key_id: key.keyIds[place],
    }));
  }

  /** The key under the ids that a refresh answered. @throws Error unless all parties have it */
  async refreshed(key: ClusterKey): Promise<ClusterKey> {
    const answers = await this.refresh(key, await this.room(key.holders.length));
    return { ...key, keyIds: answers.map((answer) => String(expectBody(answer)['key_id'])) };
  }
}

function holdersAt(key: ClusterKey, places: readonly number[]): readonly number[] {
  return places.map((place) => key.holders[place] ?? -1);
}

/** The members of a 200. @throws Error for anything else */
export function expectBody(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status !== 200 || typeof answer.body !== 'object' || answer.body === null)
    throw new Error(`expected 200: ${JSON.stringify(answer)}`);
  return answer.body as Readonly<Record<string, unknown>>;
}

/** The error of an answer. @throws Error where it is none */
export function errorOf(answer: Answer | undefined): { readonly err_type: string; readonly err_msg: string } {
  const { err_type, err_msg } = (answer?.body ?? {}) as Readonly<Record<string, unknown>>;
  if (answer?.status === 200 || typeof err_type !== 'string' || typeof err_msg !== 'string')
    throw new Error(`expected an error: ${JSON.stringify(answer)}`);
  return { err_type, err_msg };
}
