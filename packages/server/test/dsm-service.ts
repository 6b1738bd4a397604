/** For tests: the whole service over a database in a temporary folder, with engines in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LegacyUse } from '@countersign/algorithms/legacy-use';
import { createApiKey } from '@countersign/core/api-key';
import { type AccountId, type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import { installOnce } from '@countersign/core/install';
import type { Grant, Principal } from '@countersign/core/principal';
import type { RequestLimits, Services } from '@countersign/core/services';
import { createThresholdKeys } from '@countersign/core/threshold/create-threshold-keys';
import { composeServices } from '../src/compose-services.ts';
import { DIALECTS } from '../src/dialects/dialects.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../src/http/http-server.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ABSENT_CEREMONIES } from './absent-ceremonies.ts';
import { createInProcessCustody } from './in-process-custody.ts';
import { QUIET_PARTS } from './test-parts.ts';

export interface DsmService {
  readonly server: HttpServer;
  readonly services: Services;
  readonly store: Store;
  readonly accountId: AccountId;
  readonly groupId: GroupId;
  /** The administrator's. */
  readonly apiKey: string;
  /** Another principal of the account with an API key of its own. */
  addPrincipal(grants: readonly Grant[], overrides?: Partial<Principal>): Promise<string>;
  /** The administrator of another account. */
  addAccount(): Promise<string>;
  allowLegacy(uses: readonly LegacyUse[]): Promise<void>;
  /** Moves the service's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export interface DsmServiceOptions extends Partial<Omit<HttpServerOptions, 'services' | 'limits'>> {
  readonly limits?: Partial<RequestLimits>;
  readonly allowInlineSign?: boolean;
  readonly canSign?: () => Promise<boolean>;
}

export async function startDsmService(options: DsmServiceOptions = {}): Promise<DsmService> {
  const { limits, allowInlineSign = false, canSign = () => Promise.resolve(true), ...http } = options;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-dsm-'));
  let skewMs = 0;
  const now = (): number => Date.now() + skewMs;
  const store = await openSqliteStore({
    path: join(folder, 'test.sqlite'),
    serviceKey: new Uint8Array(32).fill(7),
    now,
  });
  const installation = await installOnce(store.directory, undefined, now());
  if (installation?.apiKeyText === undefined) throw new Error('the database was not empty');
  const { accountId, groupId } = installation;
  const { custody, verifier } = await createInProcessCustody();
  const { directory, policies, clusters, threshold } = store;
  const { services } = composeServices({
    ...QUIET_PARTS,
    store,
    custodies: new Map([[custody.name, custody]]),
    verifier,
    threshold: createThresholdKeys({
      shares: threshold,
      ceremonies: ABSENT_CEREMONIES,
      clusters,
      policies,
      now,
      allowFullExport: false,
      record: (event) => store.log.appendEvent(event),
      onBackgroundFault: () => {},
    }),
    now,
    allowInlineSign,
    canSign,
  });
  const server = createHttpServer({
    dialects: DIALECTS,
    ...http,
    services,
    limits: { maxBodyBytes: 512 * 1024, maxBatchItems: 1000, maxCeremonyItems: 1000, ...limits },
  });

  async function addPrincipal(
    grants: readonly Grant[],
    overrides: Partial<Principal> = {},
    account = accountId,
  ): Promise<string> {
    const id = newId<PrincipalId>();
    const { text, secretDigest } = createApiKey(id);
    const principal: Principal = {
      id,
      accountId: account,
      kind: 'service',
      name: `principal ${id}`,
      enabled: true,
      defaultGroupId: groupId,
      grants,
      requiresProof: false,
      ...overrides,
    };
    await directory.insertPrincipal(principal, secretDigest, now());
    return text;
  }

  return {
    server,
    services,
    store,
    accountId,
    groupId,
    apiKey: installation.apiKeyText,
    addPrincipal: (grants, overrides) => addPrincipal(grants, overrides),
    async addAccount() {
      const id = newId<AccountId>();
      const other = newId<GroupId>();
      await directory.insertAccount({
        id,
        name: 'other',
        settings: { allowLegacy: [] },
        createdAtMs: now(),
        revision: 1,
      });
      const creator = newId<PrincipalId>();
      await directory.insertGroup({ id: other, accountId: id, name: 'other', createdBy: creator, createdAtMs: now() });
      const grants: Grant[] = [{ scope: { kind: 'account' }, permissions: ['administer'] }];
      return addPrincipal(grants, { defaultGroupId: other }, id);
    },
    allowLegacy: (uses) => directory.updateAccountSettings(accountId, { allowLegacy: uses }),
    advance(ms) {
      skewMs += ms;
    },
    async close() {
      await server.drain(1000);
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
