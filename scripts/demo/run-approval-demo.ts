/** The demo of approvals itself: keys, signatures, a policy that asks two of three people, and what is wrong with any of it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DfnsApiClient, type Holder, SDK_VERSIONS, type SdkVersion } from './approval-people.ts';
import {
  KEY_PLANS,
  type KeyPlan,
  type NewSignature,
  RECIPIENT,
  type SignatureRequest,
  type Signing,
  transaction,
} from './approval-signings.ts';
import { hexOf, type WireSignature } from './approval-verifiers.ts';

export interface ApprovalDemoRow {
  readonly sdk: string;
  readonly who: string;
  readonly what: string;
  readonly key: string;
  readonly outcome: string;
  readonly verifiedBy: string;
  readonly ms: number;
}

export interface ApprovalDemoReport {
  readonly rows: readonly ApprovalDemoRow[];
  /** Signatures that verified. */
  readonly signatures: number;
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

export interface ApprovalDemoPlan {
  readonly baseUrl: string;
  /** Makes keys and policies. */
  readonly program: Holder;
  /** Three: the first requests, and each of them may approve. */
  readonly people: readonly Holder[];
  /** Waits for an approval whose minute passes. */
  readonly showExpiry: boolean;
  /** Flips one bit of one signature before it is verified: the run must then report a problem. */
  readonly corruptOne: boolean;
}

type Key = Awaited<ReturnType<DfnsApiClient['keys']['createKey']>>;

/** The shortest time that a policy can give. */
const EXPIRES_AFTER_MINUTES = 1;
/** An approval's time is looked at again every few seconds. */
const EXPIRY_TIMEOUT_MS = 90_000;
const POLL_MS = 500;
const AMOUNT_WEI = 1_000_000_000_000n;
/** Of the key that the people govern. */
const LABEL = 'ECDSA secp256k1';

/** What the service adds to a request for those who decide on it. */
interface ShownRequest {
  readonly id?: string;
  readonly view?: { readonly transfers?: readonly { readonly to?: string; readonly amount?: string }[] };
}

/** @throws Error where a step fails that the next ones stand on */
export async function runApprovalDemo(plan: ApprovalDemoPlan): Promise<ApprovalDemoReport> {
  const run = new ApprovalDemoRun(plan);
  const expiries = plan.showExpiry ? await Promise.all(SDK_VERSIONS.map((version) => run.beginExpiry(version))) : [];
  for (const version of SDK_VERSIONS) {
    for (const keyPlan of KEY_PLANS) await run.signWith(version, keyPlan);
    await run.derive(version);
    await run.stolenToken(version);
    await run.approvals(version);
  }
  for (const finish of expiries) await finish();
  return run.report();
}

class ApprovalDemoRun {
  readonly #plan: ApprovalDemoPlan;
  readonly #rows: ApprovalDemoRow[] = [];
  readonly #problems: string[] = [];
  #signatures = 0;
  #corrupted = false;

  constructor(plan: ApprovalDemoPlan) {
    this.#plan = plan;
  }

  report(): ApprovalDemoReport {
    return { rows: this.#rows, signatures: this.#signatures, problems: this.#problems };
  }

  /** A new key of one pair of scheme and curve, and everything that it signs. */
  async signWith(version: SdkVersion, { words, signings }: KeyPlan): Promise<void> {
    const { program } = this.#plan;
    const client = program.clientOf(version);
    const label = `${words.scheme} ${words.curve}`;
    const [key, ms] = await timed(() =>
      client.keys.createKey({ body: { ...words, name: `${version.name} ${label}` } }),
    );
    this.#row(version, program, 'make the key', label, 'Active', '', ms);
    for (const signing of signings()) {
      const [request, signMs] = await timed(() => client.keys.generateSignature({ keyId: key.id, body: signing.body }));
      const outcome = await this.#checkSignature(version, key, signing, request);
      this.#row(version, program, signing.label, label, outcome, signing.verifiedBy, signMs);
    }
  }

  /** Nobody but the key's holder can check the function; that it is one shows in what it gives. */
  async derive(version: SdkVersion): Promise<void> {
    const { program } = this.#plan;
    const client = program.clientOf(version);
    const label = 'DH secp256k1';
    const key = await client.keys.createKey({ body: { scheme: 'DH', curve: 'secp256k1' } });
    const derive = async (seed: string): Promise<string> =>
      (await client.keys.deriveKey({ keyId: key.id, body: { domain: '0x646f6d61696e', seed } })).output;
    const [outputs, ms] = await timed(async () => [await derive('0x01'), await derive('0x01'), await derive('0x02')]);
    const [first = '', again, other] = outputs;
    const isFunction = /^0x[0-9a-f]{64}$/.test(first) && first === again && first !== other;
    if (!isFunction) this.#problem(version, 'derive', `not a function of the seed: ${outputs.join(', ')}`);
    this.#row(version, program, 'derive', label, isFunction ? 'repeats' : 'WRONG', '', ms);
  }

  /** A bearer token alone changes nothing and signs nothing: the credential's own signature is missing. */
  async stolenToken(version: SdkVersion): Promise<void> {
    const { program, baseUrl } = this.#plan;
    const [response, ms] = await timed(() =>
      fetch(`${baseUrl}/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${program.accessToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ scheme: 'EdDSA', curve: 'ed25519' }),
      }),
    );
    await response.arrayBuffer();
    if (response.status !== 403) this.#problem(version, 'a token alone', `answered with ${response.status}`);
    this.#row(version, program, 'the token alone', 'EdDSA ed25519', `${response.status}`, '', ms);
  }

  /** Two of three people: a refused self-approval, two approvals, the signature; a second request is denied. */
  async approvals(version: SdkVersion): Promise<void> {
    const [initiator, second, third] = this.#threePeople();
    const key = await this.#governedKey(version, 'two of three', undefined);
    const payment = transaction(AMOUNT_WEI);
    const request = await this.#request(version, initiator, key, payment.body);
    await this.#shown(version, second, request, { to: RECIPIENT, amount: String(AMOUNT_WEI) });

    await this.#refused(version, initiator, 'approve what they asked for', request, 'Approved', 403);
    await this.#decide(version, second, 'approve, first of two', request, 'Approved', 'Pending');
    await this.#refused(version, second, 'approve a second time', request, 'Approved', 409);
    await this.#decide(version, third, 'approve, second of two', request, 'Approved', 'Approved');
    const [signed, ms] = await timed(() => read(initiator.clientOf(version), request));
    const outcome = await this.#checkSignature(version, key, payment, signed);
    this.#row(version, initiator, 'read the signature', LABEL, outcome, payment.verifiedBy, ms);

    const denied = await this.#request(version, initiator, key, transaction(2n * AMOUNT_WEI).body);
    await this.#decide(version, second, 'deny', denied, 'Denied', 'Denied');
    await this.#refused(version, third, 'approve what was denied', denied, 'Approved', 409);
    await this.#rejected(version, initiator, denied, 'read the denied request');
  }

  /** Asked for now, looked at again when its minute is over. */
  async beginExpiry(version: SdkVersion): Promise<() => Promise<void>> {
    const [initiator] = this.#threePeople();
    const key = await this.#governedKey(version, 'one minute', EXPIRES_AFTER_MINUTES);
    const startedMs = performance.now();
    const request = await this.#request(version, initiator, key, { kind: 'Hash', hash: hexOf(randomBytes(32)) });
    return async () => {
      const client = initiator.clientOf(version);
      const approvalId = request.approvalId ?? '';
      while (performance.now() - startedMs < EXPIRY_TIMEOUT_MS) {
        if ((await client.policies.getApproval({ approvalId })).status !== 'Pending') break;
        await sleep(POLL_MS);
      }
      const { status } = await client.policies.getApproval({ approvalId });
      if (status !== 'Expired') this.#problem(version, 'expiry', `the approval is ${status}`);
      const passedMs = performance.now() - startedMs;
      this.#row(version, initiator, 'let the minute pass', LABEL, status, '', passedMs);
      if (passedMs < EXPIRES_AFTER_MINUTES * 60_000) this.#problem(version, 'expiry', 'it came too early');
      await this.#rejected(version, initiator, request, 'read the expired request');
    };
  }

  /** A key with a policy of its own. */
  async #governedKey(version: SdkVersion, name: string, autoRejectTimeout: number | undefined): Promise<Key> {
    const { program, people } = this.#plan;
    const client = program.clientOf(version);
    const key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });
    // `keyId` is this service's own: the product filters by wallets alone.
    const filters = { keyId: { in: [key.id] } } as Readonly<Record<string, unknown>>;
    const [policy, ms] = await timed(() =>
      client.policies.createPolicy({
        body: {
          name: `${version.name} ${name}`,
          activityKind: 'Wallets:Sign',
          rule: { kind: 'AlwaysTrigger', configuration: {} },
          action: {
            kind: 'RequestApproval',
            ...(autoRejectTimeout !== undefined && { autoRejectTimeout }),
            approvalGroups: [{ quorum: 2, approvers: { userId: { in: people.map(({ userId }) => userId) } } }],
          },
          filters,
        },
      }),
    );
    this.#row(version, program, `policy: ${name}`, LABEL, policy.status, '', ms);
    return key;
  }

  async #request(version: SdkVersion, who: Holder, key: Key, body: NewSignature): Promise<SignatureRequest> {
    const client = who.clientOf(version);
    const what = 'ask for a signature';
    const [request, ms] = await timed(() =>
      client.keys.generateSignature({ keyId: key.id, body }).catch((cause: unknown) => {
        throw stepFailed(version, who, what, cause);
      }),
    );
    const { status, approvalId, signature } = request;
    if (status !== 'Pending' || approvalId === undefined || signature !== undefined)
      throw new Error(`${version.name}: a request that needs approval is ${status}`);
    this.#row(version, who, what, LABEL, status, '', ms);
    return request;
  }

  /** Approvers read what they decide on, decoded by the service. */
  async #shown(
    version: SdkVersion,
    who: Holder,
    { id, approvalId = '' }: SignatureRequest,
    payment: { readonly to: string; readonly amount: string },
  ): Promise<void> {
    const [approval, ms] = await timed(() => who.clientOf(version).policies.getApproval({ approvalId }));
    const { signatureRequest } = approval.activity as { readonly signatureRequest?: ShownRequest };
    const [transfer] = signatureRequest?.view?.transfers ?? [];
    const isIt = signatureRequest?.id === id && transfer?.to === payment.to && transfer.amount === payment.amount;
    if (!isIt) this.#problem(version, 'read what is to be approved', JSON.stringify(signatureRequest));
    this.#row(version, who, 'read what is asked for', LABEL, isIt ? 'decoded' : 'WRONG', '', ms);
  }

  async #decide(
    version: SdkVersion,
    who: Holder,
    what: string,
    { approvalId = '' }: SignatureRequest,
    value: 'Approved' | 'Denied',
    expected: string,
  ): Promise<void> {
    const [{ status }, ms] = await timed(() =>
      who
        .clientOf(version)
        .policies.createApprovalDecision({ approvalId, body: { value, reason: 'demo' } })
        .catch((cause: unknown) => {
          throw stepFailed(version, who, what, cause);
        }),
    );
    if (status !== expected) this.#problem(version, what, `the approval is ${status}, not ${expected}`);
    this.#row(version, who, what, LABEL, status, '', ms);
  }

  async #refused(
    version: SdkVersion,
    who: Holder,
    what: string,
    { approvalId = '' }: SignatureRequest,
    value: 'Approved' | 'Denied',
    expected: number,
  ): Promise<void> {
    const [httpStatus, ms] = await timed(() =>
      who
        .clientOf(version)
        .policies.createApprovalDecision({ approvalId, body: { value } })
        .then(
          () => 200,
          (error: unknown) => statusOf(error),
        ),
    );
    if (httpStatus !== expected) this.#problem(version, what, `answered with ${httpStatus}, not ${expected}`);
    this.#row(version, who, what, LABEL, `${httpStatus}`, '', ms);
  }

  async #rejected(version: SdkVersion, who: Holder, request: SignatureRequest, what: string): Promise<void> {
    const [{ status, signature }, ms] = await timed(() => read(who.clientOf(version), request));
    if (status !== 'Rejected' || signature !== undefined) this.#problem(version, what, `it is ${status}`);
    this.#row(version, who, what, LABEL, status, '', ms);
  }

  /** @returns the outcome for the table */
  async #checkSignature(version: SdkVersion, key: Key, signing: Signing, request: SignatureRequest): Promise<string> {
    const { status, signature } = request;
    const problem =
      status !== 'Signed' || signature === undefined
        ? `it is ${status}: ${request.reason ?? ''}`
        : (await isValid(signing, key, this.#damaged(signature), request))
          ? undefined
          : "the signature doesn't verify";
    if (problem === undefined) this.#signatures++;
    else this.#problem(version, `${key.scheme} ${key.curve}, ${signing.label}`, problem);
    return problem === undefined ? status : 'WRONG';
  }

  #damaged(signature: WireSignature): WireSignature {
    if (!this.#plan.corruptOne || this.#corrupted) return signature;
    this.#corrupted = true;
    const last = Number.parseInt(signature.s.slice(-1), 16) ^ 1;
    return { ...signature, s: signature.s.slice(0, -1) + last.toString(16) };
  }

  #threePeople(): readonly [Holder, Holder, Holder] {
    const [first, second, third] = this.#plan.people;
    if (first === undefined || second === undefined || third === undefined) throw new Error('it takes three people');
    return [first, second, third];
  }

  #problem({ name }: SdkVersion, where: string, what: string): void {
    this.#problems.push(`@dfns/sdk ${name}, ${where}: ${what}`);
  }

  #row(
    version: SdkVersion,
    who: Holder,
    what: string,
    key: string,
    outcome: string,
    verifiedBy: string,
    ms: number,
  ): void {
    this.#rows.push({ sdk: version.name, who: who.name, what, key, outcome, verifiedBy, ms });
  }
}

function read(client: DfnsApiClient, { keyId, id }: SignatureRequest): Promise<SignatureRequest> {
  return client.keys.getSignature({ keyId, signatureId: id });
}

/** A verifier that throws (on a signature that is none, say) hasn't accepted. */
async function isValid(
  { verify }: Signing,
  { publicKey }: Key,
  signature: WireSignature,
  request: SignatureRequest,
): Promise<boolean> {
  try {
    return await verify(publicKey, signature, request);
  } catch {
    return false;
  }
}

/** For a step that the next ones stand on. */
function stepFailed({ name }: SdkVersion, who: Holder, what: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : 'unknown';
  return new Error(`@dfns/sdk ${name}, ${who.name}, ${what}: ${text}`, { cause });
}

/** Of what the client throws, whichever of its versions. */
function statusOf(error: unknown): number {
  if (error instanceof Error && 'httpStatus' in error && typeof error.httpStatus === 'number') return error.httpStatus;
  throw error;
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}
