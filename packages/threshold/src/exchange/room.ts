import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { Ending } from './ending.ts';
import {
  DEFAULT_LIMITS,
  type ExchangeLimits,
  MAX_OPERATION_BYTES,
  MAX_PARTIES,
  MAX_ROOM_ID_BYTES,
} from './exchange-limits.ts';
import { type IdentitySecret, isSameIdentity, type PublicIdentity } from './identity.ts';
import type { ContradictionProof } from './payloads.ts';
import {
  areContradictory,
  equalBytes,
  isSignedBy,
  type SignedStatement,
  type Statement,
  signStatement,
} from './statement.ts';
import { Transcript } from './transcript.ts';

const ROOM_TAG = 'countersign/exchange/v1/room';
const OPERATION_TAG = 'countersign/exchange/v1/operation';
const CANDIDATES_TAG = 'countersign/exchange/v1/candidates';

export interface RoomOptions {
  /** Of the room that carries the frames; 1 to 256 bytes of UTF-8. */
  readonly roomId: string;
  /** How many parties meet, this one included; at most as many as candidates. */
  readonly roomSize: number;
  /** What the parties do: `keygen`, `sign`, `refresh` ...; 1 to 64 bytes of UTF-8. */
  readonly operation: string;
  readonly me: IdentitySecret;
  /** All who may come, this party included, in an order that all parties share; at most 20. */
  readonly candidates: readonly {
    readonly identity: PublicIdentity;
    /** How reasons call this party; short. */
    readonly name: string;
  }[];
  readonly limits?: Partial<ExchangeLimits>;
}

/** Who may meet where for what, seen from one party, and everything that anybody was seen to sign there. */
export class Room {
  readonly size: number;
  readonly operation: string;
  readonly candidates: readonly PublicIdentity[];
  /** This party's position among the candidates. */
  readonly me: number;
  readonly limits: ExchangeLimits;
  readonly idHash: Uint8Array;
  readonly operationHash: Uint8Array;
  readonly candidatesHash: Uint8Array;
  readonly transcript = new Transcript();
  readonly #secret: IdentitySecret;
  readonly #names: readonly string[];

  /** @throws RangeError for options that no honest host gives */
  constructor(options: RoomOptions) {
    const { me, roomSize: size } = options;
    const candidates = options.candidates.map(({ identity }) => identity);
    const id = Buffer.from(options.roomId, 'utf8');
    const operation = Buffer.from(options.operation, 'utf8');
    const identityKeys = new Set(candidates.map(({ identityKey }) => Buffer.from(identityKey).toString('hex')));
    this.me = candidates.findIndex((identity) => isSameIdentity(identity, me.public));
    if (this.me === -1) throw new RangeError('this party is not among the candidates');
    if (candidates.length > MAX_PARTIES) throw new RangeError(`more than ${MAX_PARTIES} candidates`);
    if (identityKeys.size !== candidates.length) throw new RangeError('an identity is twice among the candidates');
    if (!Number.isInteger(size) || size < 1 || size > candidates.length) throw new RangeError('size of the room');
    if (id.length === 0 || id.length > MAX_ROOM_ID_BYTES) throw new RangeError('id of the room');
    if (operation.length === 0 || operation.length > MAX_OPERATION_BYTES) throw new RangeError('operation');
    this.size = size;
    this.operation = options.operation;
    this.candidates = candidates;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.idHash = taggedHash(ROOM_TAG, id);
    this.operationHash = taggedHash(OPERATION_TAG, operation);
    this.candidatesHash = taggedHash(
      CANDIDATES_TAG,
      ...candidates.flatMap(({ identityKey, channelKey }) => [identityKey, channelKey]),
    );
    this.#secret = me;
    this.#names = options.candidates.map(({ name }) => name);
  }

  nameOf(candidate: number): string {
    return this.#names[candidate] ?? `party ${candidate}`;
  }

  namesOf(candidates: readonly number[]): string {
    return candidates.map((candidate) => this.nameOf(candidate)).join(', ');
  }

  sign(head: Pick<Statement, 'kind' | 'round' | 'session' | 'previous'>, payload: Uint8Array): SignedStatement {
    const statement = signStatement(
      this.#secret,
      { ...head, room: this.idHash, operation: this.operationHash },
      payload,
    );
    this.transcript.note(this.me, statement);
    return statement;
  }

  /** Notes a verified statement of another party; how it ends if the party contradicts itself by it. */
  witness(candidate: number, statement: SignedStatement): Ending | undefined {
    const other = this.transcript.note(candidate, statement);
    if (other === undefined) return undefined;
    const frames = statement.round === 0 ? 'hellos' : `frames for round ${statement.round}`;
    if (candidate === this.me) {
      return { cause: 'identity_twice', reason: `somebody else signs ${frames} as this server` };
    }
    return {
      cause: 'equivocation',
      culprits: [candidate],
      reason: `${this.nameOf(candidate)} signed different ${frames}`,
      proof: { candidate, one: other, other: statement },
    };
  }

  /** Whether what another party shows convicts the one it is about. @param session the hash of all hellos, once known */
  isProven({ candidate, one, other }: ContradictionProof, session: Uint8Array | undefined): boolean {
    const sender = this.candidates[candidate];
    if (sender === undefined || candidate === this.me) return false;
    const isOfSession = one.kind === 'hello' || (session !== undefined && equalBytes(one.session, session));
    return (
      isOfSession &&
      areContradictory(one, other) &&
      equalBytes(one.room, this.idHash) &&
      isSignedBy(one, sender) &&
      isSignedBy(other, sender)
    );
  }
}
