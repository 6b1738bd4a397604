/** One Hash signature as the product's client makes it, beside one call of the DSM API and the bare engine. */
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { createDsmClient } from '../../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../../scripts/demo/other-openssl.ts';
import { type ServiceProcess, startService } from '../../scripts/demo/service-process.ts';
import { percentile } from '../load/percentile.ts';
import { asRecord, CpuClock, measureThroughput, type RunLength, warmUp } from '../measure-service.ts';
import { type BareLoop, openBareLoop } from '../raw/bare-loop.ts';
import { makeKeys, prepareLoad } from '../service/prepared-keys.ts';
import { total } from '../service/process-usage.ts';
import { SUBJECTS, type Subject } from '../subjects.ts';
import { type ActionUser, addActionUser, changeByThreeCalls, openUserConnection, text } from './action-user.ts';
import { figuresOf, inTurns } from './load-figures.ts';
import type { RequestsPlan } from './requests-plan.ts';
import type { LoadFigures, ThreeCallsRow } from './requests-results.ts';

interface KeyKind {
  readonly subject: string;
  readonly words: { readonly scheme: string; readonly curve: string };
  readonly verify: (signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array) => boolean;
}

const KINDS: readonly KeyKind[] = [
  {
    subject: 'Ed25519',
    words: { scheme: 'EdDSA', curve: 'ed25519' },
    verify: (signature, hash, publicKey) => ed25519.verify(signature, hash, publicKey),
  },
  {
    subject: 'secp256k1',
    words: { scheme: 'ECDSA', curve: 'secp256k1' },
    verify: (signature, hash, publicKey) => secp256k1.verify(signature, hash, publicKey, { prehash: false }),
  },
];
const KEYS = 10;
const HASH_BYTES = 32;

interface FlowKey {
  readonly path: string;
  readonly publicKey: Uint8Array;
}

interface Flows {
  readonly service: ServiceProcess;
  readonly user: ActionUser;
  readonly kind: KeyKind;
  readonly keys: readonly FlowKey[];
}

export async function measureThreeCalls(
  openssl: OtherOpenssl,
  plan: RequestsPlan,
  cores: number,
): Promise<readonly ThreeCallsRow[]> {
  const service = await startService();
  try {
    const user = await addActionUser(service);
    const rows: ThreeCallsRow[] = [];
    for (const kind of KINDS) rows.push(...(await measureKind(service, user, kind, { openssl, plan, cores })));
    return rows;
  } finally {
    await service.stop();
  }
}

interface Terms {
  readonly openssl: OtherOpenssl;
  readonly plan: RequestsPlan;
  readonly cores: number;
}

async function measureKind(
  service: ServiceProcess,
  user: ActionUser,
  kind: KeyKind,
  { openssl, plan, cores }: Terms,
): Promise<readonly ThreeCallsRow[]> {
  const subject = subjectOf(kind);
  const flows: Flows = { service, user, kind, keys: await makeFlowKeys(service, user, kind) };
  const client = createDsmClient(service.host, service.port, service.apiKey);
  let loop: BareLoop | undefined;
  try {
    const load = prepareLoad(service, await makeKeys(client, subject, KEYS), 'single');
    await warmUp(load);
    await runFlows(flows, 8, plan);
    loop = await openBareLoop(subject.task, cores);
    const rows: ThreeCallsRow[] = [];
    for (const clients of plan.clients) {
      const limit = await loop.run(cores, plan.seconds);
      const [threeCalls, dsmSign] = await inTurns(
        plan.rounds,
        () => runFlows(flows, clients, plan),
        async () => figuresOf(await measureThroughput(service, load, clients, plan, openssl)),
      );
      const { engine, perSecond } = limit;
      rows.push({ algorithm: subject.name, engine, clients, threeCalls, dsmSign, limitPerSecond: perSecond });
    }
    return rows;
  } finally {
    loop?.close();
    client.close();
  }
}

function subjectOf({ subject }: KeyKind): Subject {
  const found = SUBJECTS.find(({ name }) => name === subject);
  if (found === undefined) throw new Error(`the subject ${subject} is gone`);
  return found;
}

async function makeFlowKeys(service: ServiceProcess, user: ActionUser, { words }: KeyKind): Promise<FlowKey[]> {
  const connection = await openUserConnection(service, user);
  try {
    const keys: FlowKey[] = [];
    for (let index = 0; index < KEYS; index++) {
      const key = await changeByThreeCalls(connection, user, 'POST', '/keys', JSON.stringify(words));
      keys.push({
        path: `/keys/${text(key, 'id')}/signatures`,
        publicKey: Buffer.from(text(key, 'publicKey'), 'hex'),
      });
    }
    return keys;
  } finally {
    connection.close();
  }
}

/** As many flows at a time as there are clients; those that begin after the warm-up and end in time count. */
async function runFlows(flows: Flows, clients: number, { warmUpSeconds, seconds }: RunLength): Promise<LoadFigures> {
  const { service, user } = flows;
  const clock = new CpuClock(service.pid);
  const latenciesMs: number[] = [];
  const connections = await Promise.all(Array.from({ length: clients }, () => openUserConnection(service, user)));
  const startMs = performance.now() + warmUpSeconds * 1000;
  let stopMs = startMs + seconds * 1000;
  let isCounting = false;
  let isOver = false;
  const client = async (connection: (typeof connections)[number], first: number): Promise<void> => {
    for (let index = first; !isOver; index++) {
      const beganMs = performance.now();
      const check = await signOnce(flows, connection, index);
      const nowMs = performance.now();
      if (isOver || index === first) check();
      if (isOver) return;
      if (!isCounting) {
        if (nowMs < startMs) continue;
        isCounting = true;
        clock.start();
        stopMs = performance.now() + seconds * 1000;
        countedFromMs = performance.now();
        continue;
      }
      latenciesMs.push(nowMs - beganMs);
      if (nowMs < stopMs) continue;
      countedMs = nowMs - countedFromMs;
      clock.stop();
      isOver = true;
    }
  };
  let countedFromMs = startMs;
  let countedMs = 0;
  try {
    await Promise.all(connections.map((connection, index) => client(connection, index)));
  } finally {
    for (const connection of connections) connection.close();
  }
  const perFlow = 1e6 / latenciesMs.length;
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    perSecond: (1000 * latenciesMs.length) / countedMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMicrosecondsByRole: asRecord(clock.service, perFlow),
    cpuMicroseconds: total(clock.service) * perFlow,
    clientCpuMicroseconds: clock.clientSeconds * perFlow,
    otherLoad: clock.otherLoad,
  };
}

/** Resolves with what checks the signature by another implementation, outside the measured time. */
async function signOnce(
  { user, keys, kind }: Flows,
  connection: Parameters<typeof changeByThreeCalls>[0],
  index: number,
): Promise<() => void> {
  const key = keys[index % keys.length];
  if (key === undefined) throw new Error('no keys');
  const hash = randomBytes(HASH_BYTES);
  const body = JSON.stringify({ kind: 'Hash', hash: `0x${hash.toString('hex')}` });
  const request = await changeByThreeCalls(connection, user, 'POST', key.path, body);
  if (request['status'] !== 'Signed') throw new Error(`a request is ${JSON.stringify(request)}`);
  return () => {
    const { r, s } = request['signature'] as { readonly r: string; readonly s: string };
    if (!kind.verify(Buffer.from(`${r.slice(2)}${s.slice(2)}`, 'hex'), hash, key.publicKey))
      throw new Error(`${kind.subject}: a signature doesn't verify`);
  };
}
