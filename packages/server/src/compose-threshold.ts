/** Threshold keys in the HTTP process: party process, relay, ceremonies, and the rule servers that judge beforehand. */
import { DomainError } from '@countersign/core/domain-error';
import { createGovernsKey } from '@countersign/core/governance/governs-key';
import type { Custody } from '@countersign/core/ports/custody';
import type { Rooms } from '@countersign/core/ports/rooms';
import type { ResolveResultingKey, RuleServers } from '@countersign/core/ports/rule-servers';
import { createThresholdKeys } from '@countersign/core/threshold/create-threshold-keys';
import type { ThresholdKeys } from '@countersign/core/threshold/threshold-keys';
import type { HttpConfig } from './config/http-config.ts';
import type { SealedPools } from './custody/sealed-pools.ts';
import { IdentityKeeper } from './custody/threshold/identity-keeper.ts';
import { PartyLink } from './custody/threshold/party-link.ts';
import { CeremonyRunner, DEFAULT_CEREMONY_TIMES } from './custody/threshold/run-ceremony.ts';
import { ThresholdCeremonies } from './custody/threshold/threshold-ceremonies.ts';
import { ThresholdCustody } from './custody/threshold/threshold-custody.ts';
import { createJwtRuleServers } from './outbound/jwt-rule-servers.ts';
import { createOutboundClient, type OutboundClient } from './outbound/outbound-client.ts';
import { OutboundFailure } from './outbound/outbound-failure.ts';
import { createMeetingRooms } from './relay/meeting-rooms.ts';
import { parseRelayAddress } from './relay/relay-address.ts';
import { createRelayClient, type RelayTarget } from './relay/relay-client.ts';
import { createRelay, type Relay } from './relay/relay-server.ts';
import type { Store } from './storage/store.ts';
import type { Logger } from './telemetry/logger.ts';

export interface ThresholdService {
  readonly relay: Relay;
  readonly custody: Custody;
  readonly keys: ThresholdKeys;
  readonly ruleServers: RuleServers;
  readonly resultingKey: ResolveResultingKey;
  readonly outbound: OutboundClient;
  /** Before the store closes. */
  close(): void;
}

export function composeThreshold(config: HttpConfig, store: Store, pools: SealedPools, log: Logger): ThresholdService {
  const outbound = createOutboundClient({ allow: config.outboundAllow });
  const { relay: relayConfig } = config;
  const relay = createRelay({
    limits: relayConfig.limits,
    relayKeys: relayConfig.keys,
    roomPrefix: relayConfig.roomPrefix,
  });
  const listed = relayConfig.address === null ? undefined : parseRelayAddress(relayConfig.address);
  const client = createRelayClient({
    allow: (host, port, signal) =>
      host === listed?.host && port === listed.port ? { allowed: true } : judge(outbound, host, port, signal),
  });
  const rooms: Rooms = createMeetingRooms({
    client,
    own: { relay },
    other: relayConfig.address === null ? undefined : { address: relayConfig.address, key: relayConfig.keys[0] },
  });

  const party = new PartyLink(pools.party);
  const identity = new IdentityKeeper(store.threshold, party);
  const runner = new CeremonyRunner(party, rooms, {
    joinMs: relayConfig.limits.joinTimeoutMs,
    totalMs: relayConfig.limits.roomTimeoutMs,
    silenceMs: DEFAULT_CEREMONY_TIMES.silenceMs,
  });
  const { shareBackup } = config;
  const ceremonies = new ThresholdCeremonies({ party, runner, rooms, identity, shareBackup });
  return {
    relay,
    outbound,
    custody: new ThresholdCustody({ shares: store.threshold, runner, identity }),
    keys: createThresholdKeys({
      shares: store.threshold,
      clusters: store.clusters,
      policies: store.policies,
      governsKey: createGovernsKey(store.directory, { policies: store.governance, wallets: store.wallets }),
      ceremonies,
      now: Date.now,
      allowFullExport: config.allowFullExport,
      record: (event) => store.log.appendEvent(event),
      onBackgroundFault: (error) => {
        // Most often nobody needed the help, and the room stayed empty.
        const isExpected = error instanceof DomainError && error.code !== 'internal';
        log[isExpected ? 'debug' : 'warn'](
          { reason: error instanceof Error ? error.message : 'unknown' },
          'help failed',
        );
      },
    }),
    ruleServers: createJwtRuleServers({
      client: outbound,
      identity: async () => {
        const { questionKeyPem, fingerprint } = await identity.public();
        return { spkiPem: questionKeyPem, fingerprint };
      },
      signQuestion: (signingInput) => identity.signQuestion(signingInput),
      now: Date.now,
    }),
    resultingKey: async (key, { derivationPath = [], merkleRoot }) => {
      const share = await store.threshold.find(key.accountId, key.id);
      return share?.facts === undefined ? undefined : ceremonies.derivePublicKey(share, derivationPath, merkleRoot);
    },
    close: () => {
      client.close();
      outbound.close();
    },
  };
}

async function judge(outbound: OutboundClient, host: string, port: number, signal: AbortSignal): Promise<RelayTarget> {
  try {
    const { lookup } = await outbound.checkTarget(host, port, signal);
    return { allowed: true, lookup };
  } catch (error) {
    if (!(error instanceof OutboundFailure)) throw error;
    return { allowed: false, reason: error.message };
  }
}
