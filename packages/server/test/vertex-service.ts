/**
 * For tests of the Vertex dialect: the whole service over a database in a temporary folder, with the core's own
 * commands, but alone. The other parties, and what a party computes, are made up: what is tested here is the wire.
 */
import { generateKeyPairSync, hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey } from '@countersign/core/api-key';
import { DomainError } from '@countersign/core/domain-error';
import { type AccountId, type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import { installOnce } from '@countersign/core/install';
import { PermitSet } from '@countersign/core/permit';
import type { Ceremonies } from '@countersign/core/ports/ceremonies';
import type { Custody } from '@countersign/core/ports/custody';
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { administersAccount, type Grant } from '@countersign/core/principal';
import type { RequestLimits, Services } from '@countersign/core/services';
import type { ParsedItem, SigningItem } from '@countersign/core/signing-item';
import { createThresholdKeys } from '@countersign/core/threshold/create-threshold-keys';
import { composeServices } from '../src/compose-services.ts';
import { DIALECTS } from '../src/dialects/dialects.ts';
import { createHttpServer, type HttpServer } from '../src/http/http-server.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { QUIET_PARTS } from './test-parts.ts';

/** Rooms where something goes wrong. */
export const SILENT_ROOM = 'silent';
/** A rule server that says no. */
export const REFUSING_URL = 'https://rules.example/refuse';

export interface VertexService {
  readonly server: HttpServer;
  /** The administrator's. */
  readonly adminKey: string;
  /** A user with a group of its own, made by the API's own command. */
  addUser(name?: string): Promise<{ readonly apiKey: string; readonly userId: string }>;
  /** A principal with these permissions on a group. */
  addPrincipal(grants: readonly Grant[], defaultGroupId: GroupId): Promise<string>;
  /** The group of the user with this API key. */
  groupOf(apiKey: string): Promise<GroupId>;
  /** The administrator of another account. */
  addAccount(): Promise<string>;
  /** What reached the signing path, batch by batch. */
  readonly signed: (readonly ParsedItem<SigningItem>[])[];
  /** Private keys as the core was given them; the same memory. */
  readonly imported: Uint8Array[];
  /** What went wrong inside, as it was logged. */
  readonly faults: unknown[];
  close(): Promise<void>;
}

export interface VertexServiceOptions {
  readonly limits?: Partial<RequestLimits>;
  readonly allowFullExport?: boolean;
  readonly allowShareBackup?: boolean;
}

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

export async function startVertexService(options: VertexServiceOptions = {}): Promise<VertexService> {
  const { limits, allowFullExport = true, allowShareBackup = true } = options;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-vertex-'));
  const now = Date.now;
  const store = await openSqliteStore({ path: join(folder, 'test.sqlite'), now });
  const installation = await installOnce(store.directory, undefined, now());
  if (installation?.apiKeyText === undefined) throw new Error('the database was not empty');
  const { accountId, apiKeyText: adminKey } = installation;
  const { directory, policies } = store;
  const signed: (readonly ParsedItem<SigningItem>[])[] = [];
  const imported: Uint8Array[] = [];
  const faults: unknown[] = [];
  const composed = composeServices({
    ...QUIET_PARTS,
    store,
    custodies: new Map([['threshold', loneCustody]]),
    verifier: { verify: () => Promise.reject(new Error('nothing is verified here')) },
    threshold: createThresholdKeys({
      shares: store.threshold,
      ceremonies: loneCeremonies(imported, allowShareBackup),
      clusters: store.clusters,
      policies,
      now,
      allowFullExport,
      record: (event) => store.log.appendEvent(event),
      onBackgroundFault: () => {},
    }),
    external: {
      policies,
      ruleServers: {
        ask: async ({ rule }) =>
          rule.url === REFUSING_URL ? { approved: false, reason: 'the rule says no' } : { approved: true },
      },
      resultingKey: async (key) => key.publicKey,
    },
    refuseUrl: (url) => (url.startsWith('https://') ? undefined : 'the URL must be https'),
    now,
  });
  const { signBatch } = composed.services;
  const services: Services = {
    ...composed.services,
    signBatch: (caller, items) => {
      signed.push(items);
      return signBatch(caller, items);
    },
  };
  const server = createHttpServer({
    dialects: DIALECTS,
    logger: { error: (fault) => faults.push(fault), warn: () => {}, debug: () => {} },
    services,
    limits: { maxBodyBytes: 512 * 1024, maxBatchItems: 1000, maxCeremonyItems: 1000, ...limits },
  });

  async function addPrincipal(
    grants: readonly Grant[],
    defaultGroupId: GroupId,
    account: AccountId = accountId,
  ): Promise<string> {
    const id = newId<PrincipalId>();
    const { text, secretDigest } = createApiKey(id);
    const principal = {
      id,
      accountId: account,
      kind: 'service',
      name: id,
      enabled: true,
      defaultGroupId,
      grants,
      requiresProof: false,
    } as const;
    await directory.insertPrincipal(principal, secretDigest, now());
    return text;
  }
  const principalOf = async (apiKey: string) =>
    (await services.sessions.authenticateApiKey(apiKey, 'vertex')).principal;

  return {
    server,
    adminKey,
    async addUser(name) {
      const caller = await services.sessions.authenticateApiKey(adminKey, 'vertex');
      if (!administersAccount(caller.principal)) throw new Error('not an administrator');
      const { apiKeyText, principalId } = await services.principals.createUser(caller, name);
      return { apiKey: apiKeyText, userId: principalId };
    },
    addPrincipal: (grants, groupId) => addPrincipal(grants, groupId),
    async groupOf(apiKey) {
      const { defaultGroupId } = await principalOf(apiKey);
      if (defaultGroupId === undefined) throw new Error('without a group');
      return defaultGroupId;
    },
    async addAccount() {
      const id = newId<AccountId>();
      const groupId = newId<GroupId>();
      await directory.insertAccount({
        id,
        name: 'other',
        settings: { allowLegacy: [] },
        createdAtMs: now(),
        revision: 1,
      });
      const createdBy = newId<PrincipalId>();
      await directory.insertGroup({ id: groupId, accountId: id, name: 'other', createdBy, createdAtMs: now() });
      return addPrincipal([{ scope: { kind: 'account' }, permissions: ['administer'] }], groupId, id);
    },
    signed,
    imported,
    faults,
    async close() {
      await server.drain(1000);
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Signs with bytes that depend on everything it was given, as if the others had been there. */
const loneCustody: Custody = {
  name: 'threshold',
  generate: () => Promise.reject(new Error('not by this custody')),
  importKey: () => Promise.reject(new Error('not by this custody')),
  sign: async (permits) =>
    PermitSet.redeem(permits).items.map(({ key, scheme, bytes, ceremony }) => {
      if (ceremony === undefined) return { status: 'invalid' };
      if (ceremony.room === SILENT_ROOM)
        return { status: 'ceremony-failed', reason: 'party 2 did not answer in time', mayExist: false };
      const signature = hash('sha512', `${key.id} ${JSON.stringify(scheme)} ${bytes.toHex()}`, 'buffer');
      return { status: 'signed', signature, signatureDigest: hash('sha256', signature, 'buffer') };
    }),
};

const PARTY = {
  identity: new Uint8Array(32),
  channelKey: new Uint8Array(32),
  perKeyPublic: new Uint8Array(32),
  publicShare: new Uint8Array(32),
};

function loneCeremonies(imported: Uint8Array[], allowShareBackup: boolean): Ceremonies {
  let rooms = 0;
  const facts: ThresholdFacts = {
    threshold: 2,
    parties: [0, 1, 2].map((index) => ({ ...PARTY, index })),
    index: 0,
    groupKey: new Uint8Array(32).fill(2),
    chainCode: new Uint8Array(32).fill(3),
    epoch: 0,
    origin: 'generated',
    specification: 'made up',
    parametersHash: new Uint8Array(32).fill(4),
    publicEvidence: new Uint8Array(0),
  };
  const publicKey = facts.groupKey;
  const refuseBackup = (): void => {
    if (!allowShareBackup)
      throw new DomainError('forbidden', 'share backup is off (--share-backup)', { subject: 'share-backup' });
  };
  return {
    async createRoom() {
      rooms += 1;
      return `room-${rooms}`;
    },
    createKey: async ({ id }) => ({ sealed: new Uint8Array(8), keygenId: `keygen-${id}` }),
    async run(operation, meeting, keep) {
      if (meeting.room === SILENT_ROOM) throw new DomainError('ceremony_failed', 'party 2 did not answer in time');
      switch (operation.kind) {
        case 'import-deal':
          imported.push(operation.privateKey);
          if (operation.into === undefined) return { kind: 'nothing' };
          await keep(new Uint8Array(8));
          return { kind: 'share', sealed: new Uint8Array(8), facts, publicKey };
        case 'export': {
          const mine = operation.exportTo === operation.share.keygenId;
          return mine ? { kind: 'private-key', privateKey: new Uint8Array(32).fill(5) } : { kind: 'nothing' };
        }
        default:
          await keep(new Uint8Array(8));
          return { kind: 'share', sealed: new Uint8Array(8), facts, publicKey };
      }
    },
    derivePublicKey: async (_share, path, merkleRoot) =>
      hash('sha256', `${JSON.stringify(path)} ${merkleRoot?.toHex()}`, 'buffer'),
    async exportShare() {
      refuseBackup();
      return { encrypted: true, share: new Uint8Array([1, 2, 3]) };
    },
    async importShare({ id }, { encrypted, share }) {
      refuseBackup();
      if (!encrypted || share.toHex() !== '010203') throw new DomainError('invalid_request', 'not a share');
      return { sealed: new Uint8Array(8), facts, keygenId: `keygen-${id}`, publicKey };
    },
    identity: async () => ({ persistentKeygenId: 'keygen-of-this-server', questionKeyPem: PEM, fingerprint: '00' }),
  };
}
