/** The demo itself: keys of every kind, one mixed batch, every signature verified, every refusal checked. */
import type { DsmBatchItem, DsmClient, DsmKey } from './dsm-client.ts';
import type { OtherOpenssl } from './other-openssl.ts';
import { makeRefusals, type Refusal } from './refusals.ts';
import { SIGNING_KINDS, type SigningCase, type SigningKind } from './signing-kinds.ts';

export interface DemoRow {
  readonly label: string;
  readonly items: number;
  readonly signed: number;
  readonly refused: number;
  readonly verifiedBy: string;
  readonly keyMs: number | undefined;
  readonly verifyMs: number | undefined;
}

export interface DemoReport {
  readonly rows: readonly DemoRow[];
  readonly batchMs: number;
  readonly items: number;
  readonly signed: number;
  readonly refused: number;
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

interface KindState {
  readonly kind: SigningKind;
  readonly key: DsmKey;
  readonly keyMs: number;
  readonly entries: { readonly place: number; readonly signingCase: SigningCase }[];
}

interface RefusalState {
  readonly refusal: Refusal;
  readonly places: number[];
}

/** One bad item to nine good ones. */
const REFUSED_SHARE = 10;
const VERIFY_CONCURRENCY = 4;
const NOBLE = '@noble/curves';
const NOBLE_POST_QUANTUM = '@noble/post-quantum';

/**
 * @param corruptOne flips one bit of one signature before it is verified: the run must then report a problem, and
 *   a demo that doesn't would be worth nothing
 */
export async function runDemo(
  client: DsmClient,
  openssl: OtherOpenssl,
  itemCount: number,
  corruptOne: boolean,
): Promise<DemoReport> {
  const kinds = await makeKeys(client);
  const refusals = (await makeRefusals(client)).map((refusal): RefusalState => ({ refusal, places: [] }));
  const items = mixItems(kinds, refusals, itemCount);

  const startedMs = performance.now();
  const answers = await client.signBatch(items);
  const batchMs = performance.now() - startedMs;

  const problems: string[] = [];
  const rows: DemoRow[] = [];
  for (const [index, state] of kinds.entries())
    rows.push(await checkKind(state, answers, openssl, corruptOne && index === 0, problems));
  for (const state of refusals) rows.push(checkRefusal(state, answers, problems));
  return {
    rows,
    batchMs,
    items: items.length,
    signed: rows.reduce((sum, row) => sum + row.signed, 0),
    refused: rows.reduce((sum, row) => sum + row.refused, 0),
    problems,
  };
}

async function makeKeys(client: DsmClient): Promise<KindState[]> {
  const states: KindState[] = [];
  for (const kind of SIGNING_KINDS) {
    const startedMs = performance.now();
    const key = await client.createKey({ name: `demo ${kind.label}`, ...kind.key });
    states.push({ kind, key, keyMs: performance.now() - startedMs, entries: [] });
  }
  return states;
}

/** Fills a batch in turns, so that keys, algorithms and bad items lie next to each other. */
function mixItems(kinds: readonly KindState[], refusals: readonly RefusalState[], itemCount: number): unknown[] {
  const items: unknown[] = [];
  let nextKind = 0;
  let nextRefusal = 0;
  while (items.length < itemCount) {
    const place = items.length;
    if (place % REFUSED_SHARE === REFUSED_SHARE - 1) {
      const state = refusals[nextRefusal++ % refusals.length];
      if (state === undefined) throw new Error('no refusals');
      state.places.push(place);
      items.push(state.refusal.item);
      continue;
    }
    const state = kinds[nextKind++ % kinds.length];
    if (state === undefined) throw new Error('no kinds');
    const index = state.entries.length;
    // The second item of a key repeats the first, to see whether the signature repeats too.
    const message = Buffer.from(`${state.kind.label}, message ${index < 2 ? 0 : index}`);
    const signingCase = state.kind.makeCase(state.key.publicKey, message, index);
    state.entries.push({ place, signingCase });
    items.push({ key: { kid: state.key.kid }, ...signingCase.item });
  }
  return items;
}

async function checkKind(
  { kind, key, keyMs, entries }: KindState,
  answers: readonly DsmBatchItem[],
  openssl: OtherOpenssl,
  corrupt: boolean,
  problems: string[],
): Promise<DemoRow> {
  const startedMs = performance.now();
  const signatures: Buffer[] = [];
  let signed = 0;
  const check = async ({ place, signingCase }: KindState['entries'][number], index: number): Promise<void> => {
    const answer = answers[place];
    if (answer?.status !== 200 || answer.body === undefined) {
      problems.push(`item ${place} (${kind.label}): ${answer?.status} ${answer?.error ?? 'without a body'}`);
      return;
    }
    if (answer.body.kid !== key.kid) {
      problems.push(`item ${place} (${kind.label}): answered for another key: out of order`);
      return;
    }
    const signature = Buffer.from(answer.body.signature, 'base64');
    signatures[index] = Buffer.from(signature);
    const last = signature.length - 1;
    if (corrupt && index === 0) signature[last] = (signature[last] ?? 0) ^ 1;
    if (await isValid(signingCase, signature, openssl)) signed++;
    else problems.push(`item ${place} (${kind.label}): the signature doesn't verify`);
  };
  for (let start = 0; start < entries.length; start += VERIFY_CONCURRENCY)
    await Promise.all(
      entries.slice(start, start + VERIFY_CONCURRENCY).map((entry, offset) => check(entry, start + offset)),
    );
  const [first, second] = signatures;
  if (first !== undefined && second !== undefined && first.equals(second) !== kind.repeats)
    problems.push(`${kind.label}: two signatures of one message ${kind.repeats ? 'differ' : 'are the same'}`);
  return {
    label: kind.label,
    items: entries.length,
    signed,
    refused: 0,
    verifiedBy: verifierName(kind, openssl),
    keyMs,
    verifyMs: performance.now() - startedMs,
  };
}

/** A verifier that throws (on bad DER, say) hasn't accepted. */
async function isValid(signingCase: SigningCase, signature: Buffer, openssl: OtherOpenssl): Promise<boolean> {
  try {
    return await signingCase.verify(signature, openssl);
  } catch {
    return false;
  }
}

function verifierName(kind: SigningKind, openssl: OtherOpenssl): string {
  if (kind.verifiedBy === 'openssl') return openssl.name;
  return kind.key['obj_type'] === 'MLDSA' ? NOBLE_POST_QUANTUM : NOBLE;
}

function checkRefusal(
  { refusal, places }: RefusalState,
  answers: readonly DsmBatchItem[],
  problems: string[],
): DemoRow {
  let refused = 0;
  for (const place of places) {
    const answer = answers[place];
    if (answer?.status === refusal.status && typeof answer.error === 'string' && answer.body === undefined) refused++;
    else
      problems.push(
        `item ${place} (${refusal.label}): expected ${refusal.status}, got ${answer?.status} ${answer?.error ?? ''}`,
      );
  }
  return {
    label: `refused: ${refusal.label}`,
    items: places.length,
    signed: 0,
    refused,
    verifiedBy: `status ${refusal.status}`,
    keyMs: undefined,
    verifyMs: undefined,
  };
}
