/** What policies cost a signature: services with and without them take turns with the same requests. */
import { randomUUID } from 'node:crypto';
import type { KeyId } from '@countersign/core/ids';
import { writeId } from '@countersign/server/dialects/prefixed-id';
import { createDsmClient, type DsmKey } from '../../scripts/demo/dsm-client.ts';
import type { OtherOpenssl } from '../../scripts/demo/other-openssl.ts';
import { type ServiceProcess, startService } from '../../scripts/demo/service-process.ts';
import { measureThroughput, warmUp } from '../measure-service.ts';
import { makeKeys, prepareLoad, type SigningLoad } from '../service/prepared-keys.ts';
import { SUBJECTS, type Subject } from '../subjects.ts';
import { addActionUser, changeByThreeCalls, openUserConnection, text } from './action-user.ts';
import { figuresOf, inTurns } from './load-figures.ts';
import type { RequestsPlan } from './requests-plan.ts';
import type { PolicyRow } from './requests-results.ts';

/** Cheap to sign, so that everything around it shows. */
const SUBJECT = 'P-256';
const KEYS = 10;
/** Keys that the policies name which don't match. */
const OTHER_KEYS = 10;
const WARM_UP_BATCH = 100;
/** More than any run signs. */
const COUNT_LIMIT = 1_000_000_000;
const WINDOW_MINUTES = 60;

interface Shape {
  readonly batchSize: number;
  readonly connections: number;
}
const SHAPES: readonly Shape[] = [
  { batchSize: 1000, connections: 8 },
  { batchSize: 1, connections: 64 },
];

/** One of the two services, with the same loads as the other. */
interface Side {
  readonly service: ServiceProcess;
  readonly keys: readonly DsmKey[];
  readonly loads: readonly SigningLoad[];
}

export async function measurePolicies(openssl: OtherOpenssl, plan: RequestsPlan): Promise<readonly PolicyRow[]> {
  const subject = SUBJECTS.find(({ name }) => name === SUBJECT);
  if (subject === undefined) throw new Error('the subject of the policies is gone');
  const services: ServiceProcess[] = [];
  try {
    const start = async (): Promise<Side> => {
      const service = await startService();
      services.push(service);
      return prepareSide(service, subject);
    };
    const free = await start();
    const governed = await start();
    return await measureSides(free, governed, openssl, plan);
  } finally {
    for (const service of services) await service.stop();
  }
}

async function prepareSide(service: ServiceProcess, subject: Subject): Promise<Side> {
  const client = createDsmClient(service.host, service.port, service.apiKey);
  try {
    const prepared = await makeKeys(client, subject, KEYS);
    await warmUp(prepareLoad(service, prepared, WARM_UP_BATCH));
    const loads = SHAPES.map(({ batchSize }) => prepareLoad(service, prepared, batchSize === 1 ? 'single' : batchSize));
    return { service, keys: prepared.keys, loads };
  } finally {
    client.close();
  }
}

async function measureSides(
  free: Side,
  governed: Side,
  openssl: OtherOpenssl,
  plan: RequestsPlan,
): Promise<readonly PolicyRow[]> {
  const user = await addActionUser(governed.service);
  // A connection for each change: the service closes those that are silent while something is measured.
  const change: Change = async (method, path, body) => {
    const connection = await openUserConnection(governed.service, user);
    try {
      return await changeByThreeCalls(connection, user, method, path, JSON.stringify(body));
    } finally {
      connection.close();
    }
  };
  const rows: PolicyRow[] = [];
  const measure = async (policies: string, matches: boolean): Promise<void> => {
    for (const [index, shape] of SHAPES.entries()) {
      const run = async ({ service, loads }: Side): Promise<ReturnType<typeof figuresOf>> => {
        const load = loads[index];
        if (load === undefined) throw new Error('no load');
        return figuresOf(await measureThroughput(service, load, shape.connections, plan, openssl));
      };
      const [ofGoverned, ofFree] = await inTurns(
        plan.rounds,
        () => run(governed),
        () => run(free),
      );
      rows.push({ algorithm: SUBJECT, ...shape, policies, matches, governed: ofGoverned, free: ofFree });
    }
  };
  // Two services that do the same: how far the machine alone moves the ratio.
  await measure('0', false);
  const own = governed.keys.map(({ kid }) => wireKeyId(kid));
  const matching = await change('POST', '/v2/policies', policyFor(own, 'matching'));
  await measure('1 that matches and counts', true);
  await change('DELETE', `/v2/policies/${text(matching, 'id')}`, {});
  const others = await makeOtherKeys(change);
  let made = 0;
  for (const count of plan.policies) {
    for (; made < count; made++) {
      const other = others[made % others.length];
      if (other === undefined) throw new Error('no other keys');
      await change('POST', '/v2/policies', policyFor([other], `not matching ${made}`));
    }
    await measure(`${count} that don't match`, false);
  }
  return rows;
}

type Change = (method: 'POST' | 'DELETE', path: string, body: unknown) => ReturnType<typeof changeByThreeCalls>;

async function makeOtherKeys(change: Change): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < OTHER_KEYS; index++) {
    const body = { scheme: 'EdDSA', curve: 'ed25519', name: `other ${randomUUID()}` };
    ids.push(text(await change('POST', '/keys', body), 'id'));
  }
  return ids;
}

function policyFor(keyIds: readonly string[], name: string): unknown {
  return {
    name,
    activityKind: 'Wallets:Sign',
    rule: { kind: 'TransactionCountVelocity', configuration: { limit: COUNT_LIMIT, timeframe: WINDOW_MINUTES } },
    action: { kind: 'Block' },
    filters: { keyId: { in: keyIds } },
  };
}

function wireKeyId(kid: string): string {
  return writeId('key', kid as KeyId);
}
