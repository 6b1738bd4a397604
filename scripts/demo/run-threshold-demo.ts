/** The demo of threshold keys itself: keys, signatures by every pair, a refusal, a refresh, and what is wrong with any of it. */
import { createPublicKey, verify } from 'node:crypto';
import { verifyBip340 } from './noble-verifiers.ts';
import {
  attachRule,
  createRoom,
  generateKey,
  type Party,
  refreshKey,
  type SignOutcome,
  signTogether,
  type ThresholdKey,
  type ThresholdScheme,
} from './threshold-parties.ts';

export interface ThresholdDemoRow {
  readonly scheme: ThresholdScheme;
  readonly step: string;
  readonly parties: string;
  readonly signed: number | undefined;
  readonly refused: number | undefined;
  readonly ms: number;
  readonly verifiedBy: string;
}

export interface ThresholdDemoReport {
  readonly rows: readonly ThresholdDemoRow[];
  readonly signatures: number;
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

export interface ThresholdDemoPlan {
  /** Three. */
  readonly parties: readonly Party[];
  readonly batchItems: number;
  readonly ruleUrl: string;
  readonly rulePublicKeyPem: string;
  /** Flips one bit of one signature before it is verified: the run must then report a problem. */
  readonly corruptOne: boolean;
}

interface Verifier {
  readonly name: string;
  readonly verify: (publicKey: Buffer, message: Buffer, signature: Buffer) => boolean;
}

const SCHEMES: readonly ThresholdScheme[] = ['bip340', 'ed25519'];
const THRESHOLD = 2;
const PAIRS: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 2],
  [1, 2],
];
/** Messages in the batch that has one payment too large among them. */
const RULED_ITEMS = 10;
const REFUSED_PLACE = 4;
/** RFC 8410: what stands before the 32 bytes of a key. */
const ED25519_SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** Of other makers than the arithmetic that signs: libsecp256k1 and libsodium, or where that is missing @noble/curves. */
const VERIFIERS: Readonly<Record<ThresholdScheme, Verifier>> = {
  bip340: {
    name: '@noble/curves',
    verify: (publicKey, message, signature) => verifyBip340(publicKey, message, signature, undefined),
  },
  ed25519: {
    name: 'OpenSSL (node:crypto)',
    verify: (publicKey, message, signature) => {
      const spki = Buffer.concat([ED25519_SPKI_HEAD, publicKey]);
      return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
    },
  },
};

/** @throws Error where a step fails that the next ones stand on */
export async function runThresholdDemo(plan: ThresholdDemoPlan): Promise<ThresholdDemoReport> {
  const run = new ThresholdDemoRun(plan);
  for (const scheme of SCHEMES) await run.keyOf(scheme);
  await run.rule();
  await run.refresh();
  return run.report();
}

class ThresholdDemoRun {
  readonly #plan: ThresholdDemoPlan;
  readonly #rows: ThresholdDemoRow[] = [];
  readonly #problems: string[] = [];
  #keys: ThresholdKey[] = [];
  #corrupted = false;

  constructor(plan: ThresholdDemoPlan) {
    this.#plan = plan;
  }

  report(): ThresholdDemoReport {
    const signatures = this.#rows.reduce((sum, row) => sum + (row.signed ?? 0), 0);
    return { rows: this.#rows, signatures, problems: this.#problems };
  }

  /** A key of all three; every pair signs one message, then a batch. */
  async keyOf(scheme: ThresholdScheme): Promise<void> {
    const { parties, batchItems } = this.#plan;
    const [key, ms] = await timed(() => generateKey(parties, THRESHOLD, scheme));
    this.#row(key, 'make the key, 2 of 3', [0, 1, 2], ms);
    this.#keys.push(key);
    for (const pair of PAIRS) await this.#sign(key, 'one message', pair, payments(1));
    for (const [index, pair] of PAIRS.entries()) {
      // Both ways that there are: a room for each message, and one for all.
      const roomCount = index === 0 ? batchItems : 1;
      await this.#sign(key, `batch, ${roomCount === 1 ? 'one room' : 'a room each'}`, pair, payments(batchItems), {
        roomCount,
      });
    }
  }

  /** The rule server on every server and key: a payment that is too large isn't signed, the others beside it are. */
  async rule(): Promise<void> {
    const { parties, ruleUrl, rulePublicKeyPem } = this.#plan;
    await attachRule(parties, this.#keys, ruleUrl, rulePublicKeyPem);
    for (const key of this.#keys)
      await this.#sign(key, 'one payment too large', PAIRS[0] ?? [], ruledPayments(), { refused: REFUSED_PLACE });
  }

  /** New shares: the same public key, every pair signs, the rule still holds, and the old shares are of no use. */
  async refresh(): Promise<void> {
    const { parties } = this.#plan;
    const [pair = []] = PAIRS;
    for (const old of this.#keys) {
      const [key, ms] = await timed(() => refreshKey(parties, old));
      this.#row(key, 'refresh the shares', [0, 1, 2], ms);
      if (!key.publicKey.equals(old.publicKey)) this.#problem(key, 'refresh', 'the public key changed');
      for (const each of PAIRS) await this.#sign(key, 'one message, new shares', each, payments(1));
      await this.#sign(key, 'one payment too large', pair, ruledPayments(), { refused: REFUSED_PLACE });
      await this.#refuseOld(old, pair);
    }
  }

  async #sign(
    key: ThresholdKey,
    step: string,
    places: readonly number[],
    messages: readonly string[],
    { roomCount = 1, refused }: { readonly roomCount?: number; readonly refused?: number } = {},
  ): Promise<void> {
    const rooms = await this.#rooms(roomCount, places.length);
    const [outcomes, ms] = await timed(() => signTogether(this.#plan.parties, key, places, messages, rooms));
    const verifier = VERIFIERS[key.scheme];
    let signed = 0;
    let denied = 0;
    for (const [index, message] of messages.entries()) {
      const answers = outcomes.map((party) => party[index]);
      const problem = index === refused ? refusalProblem(answers) : this.#signatureProblem(key, message, answers);
      if (problem !== undefined) this.#problem(key, `${step}, message ${index}`, problem);
      else if (index === refused) denied++;
      else signed++;
    }
    this.#row(key, step, places, ms, { signed, refused: denied, verifiedBy: verifier.name });
  }

  #signatureProblem(
    { scheme, publicKey }: ThresholdKey,
    message: string,
    answers: readonly (SignOutcome | undefined)[],
  ): string | undefined {
    const signatures: Buffer[] = [];
    for (const answer of answers) {
      if (answer === undefined) return 'no answer';
      if (!('signature' in answer)) return `${answer.errType}: ${answer.errMsg}`;
      signatures.push(answer.signature);
    }
    const [signature, ...others] = signatures;
    if (signature === undefined || !others.every((other) => other.equals(signature)))
      return 'the parties answered with different signatures';
    const bytes = Buffer.from(signature);
    const last = bytes.length - 1;
    if (this.#plan.corruptOne && !this.#corrupted) bytes[last] = (bytes[last] ?? 0) ^ 1;
    this.#corrupted = true;
    return isValid(VERIFIERS[scheme], publicKey, message, bytes) ? undefined : "the signature doesn't verify";
  }

  async #refuseOld(old: ThresholdKey, places: readonly number[]): Promise<void> {
    const rooms = await this.#rooms(1, places.length);
    const [outcomes, ms] = await timed(() => signTogether(this.#plan.parties, old, places, payments(1), rooms));
    const problem = refusalProblem(outcomes.map(([outcome]) => outcome));
    if (problem !== undefined) this.#problem(old, 'old shares', problem);
    this.#row(old, 'one message, old shares', places, ms, { signed: 0, refused: problem === undefined ? 1 : 0 });
  }

  async #rooms(count: number, size: number): Promise<readonly string[]> {
    const [party] = this.#plan.parties;
    if (party === undefined) throw new Error('no parties');
    return Promise.all(Array.from({ length: count }, () => createRoom(party, size)));
  }

  #problem({ scheme }: ThresholdKey, where: string, what: string): void {
    this.#problems.push(`${scheme}, ${where}: ${what}`);
  }

  #row(
    { scheme }: ThresholdKey,
    step: string,
    places: readonly number[],
    ms: number,
    { signed, refused, verifiedBy = '' }: Partial<Pick<ThresholdDemoRow, 'signed' | 'refused' | 'verifiedBy'>> = {},
  ): void {
    const parties = places.map((place) => this.#plan.parties[place]?.name).join(' ');
    this.#rows.push({ scheme, step, parties, signed, refused, ms, verifiedBy });
  }
}

/** Every server has to refuse by itself: another error could be a fault of the relay, which proves nothing. */
function refusalProblem(answers: readonly (SignOutcome | undefined)[]): string | undefined {
  for (const answer of answers) {
    if (answer === undefined || 'signature' in answer) return 'signed, and should have been refused';
    if (answer.errType !== 'policy_validation_failed')
      return `not refused, but failed: ${answer.errType}, ${answer.errMsg}`;
  }
  return undefined;
}

/** A verifier that throws (on a point that is none, say) hasn't accepted. */
function isValid(verifier: Verifier, publicKey: Buffer, message: string, signature: Buffer): boolean {
  try {
    return verifier.verify(publicKey, Buffer.from(message), signature);
  } catch {
    return false;
  }
}

function payments(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `pay ${(index % 1000) + 1} to alice, number ${index}`);
}

function ruledPayments(): string[] {
  return payments(RULED_ITEMS).with(REFUSED_PLACE, 'pay 1001 to mallory');
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}
