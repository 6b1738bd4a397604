/** The commands of the core over a store and its custodies, as the service and its tests run them. */
import { loadChain } from '@countersign/chains/registry';
import type { ExternalRules } from '@countersign/core/ask-external-rules';
import { createGovernance } from '@countersign/core/governance/create-governance';
import { createGovernedChanges } from '@countersign/core/governance/governed-changes';
import { createGovernsKey } from '@countersign/core/governance/governs-key';
import { createIsGoverned } from '@countersign/core/governance/is-governed';
import { guardServices } from '@countersign/core/guard-services';
import { createIdentities } from '@countersign/core/identity/create-identities';
import { createRegistration } from '@countersign/core/identity/create-registration';
import { createUserActions } from '@countersign/core/identity/create-user-actions';
import type { RenderClaims } from '@countersign/core/identity/token-text';
import { createKeys } from '@countersign/core/keys';
import { createLogs } from '@countersign/core/log/create-logs';
import { createPolicies } from '@countersign/core/policies';
import { BUILT_IN_RULES } from '@countersign/core/policy/built-in-rules';
import type { Custody, Verifier } from '@countersign/core/ports/custody';
import type { Passkeys } from '@countersign/core/ports/passkeys';
import type { PriceSource } from '@countersign/core/ports/price-source';
import type { WebhookSender } from '@countersign/core/ports/webhook-sender';
import { createPrincipals } from '@countersign/core/principals';
import { createRequests } from '@countersign/core/requests/create-requests';
import type { Services } from '@countersign/core/services';
import { createSessions } from '@countersign/core/sessions';
import { createSignBatch, type SigningDependencies } from '@countersign/core/sign-batch';
import type { ThresholdKeys } from '@countersign/core/threshold/threshold-keys';
import { createVerifyBatch, type VerificationDependencies } from '@countersign/core/verify-batch';
import { createWallets } from '@countersign/core/wallets/create-wallets';
import { createWebhooks } from '@countersign/core/webhooks/create-webhooks';
import { startDelivery } from '@countersign/core/webhooks/deliver-events';
import type { Store } from './storage/store.ts';

export interface ServiceParts {
  readonly store: Store;
  readonly custodies: ReadonlyMap<string, Custody>;
  readonly verifier: Verifier;
  readonly threshold: ThresholdKeys;
  /** Undefined where there are no rule servers. */
  readonly external: ExternalRules | undefined;
  readonly passkeys: Passkeys;
  readonly prices: PriceSource;
  readonly webhookSender: WebhookSender;
  readonly renderClaims: RenderClaims;
  /** 32 secret bytes that stay the same over restarts. */
  readonly decoyKey: Uint8Array;
  /** Why nothing can ever be sent to this URL. */
  readonly refuseUrl: (url: string) => string | undefined;
  readonly now: () => number;
  readonly sessionSeconds: number;
  readonly allowInlineSign: boolean;
  readonly observeSigning: SigningDependencies['observe'];
  readonly observeVerification: VerificationDependencies['observe'];
  readonly canSign: Services['canSign'];
  /** Told of faults that no caller is there to be told of. */
  readonly report: (fault: unknown, what: string) => void;
}

export interface ComposedServices {
  readonly services: Services;
  /**
   * What happens without a caller: requests and changes that a former run left, approvals that expire, events that are
   * sent. Resolves, when it has looked for what was left, with the number of requests that are being signed again.
   */
  start(): Promise<number>;
  /** Before the store closes. */
  stop(): Promise<void>;
}

/** How often approvals are looked through for those that are over. */
const SWEEP_EVERY_MS = 1_000;
/** Changes that were approved and couldn't be made, the database away for instance. */
const RESUME_CHANGES_EVERY_MS = 60_000;

export function composeServices(parts: ServiceParts): ComposedServices {
  const { store, custodies, verifier, now, report } = parts;
  const { keys, directory, journal, identities, governance, wallets, requests } = store;
  const signing: SigningDependencies = {
    keys,
    directory,
    journal,
    custodies,
    verifier,
    rules: BUILT_IN_RULES,
    external: parts.external,
    governance: { policies: governance, wallets, prices: parts.prices },
    now,
    observe: parts.observeSigning,
  };
  const requesting = createRequests({
    signing,
    requests,
    loadChain,
    report: (fault) => report(fault, 'a request could not be signed again'),
  });
  const changes = createGovernedChanges({
    governance,
    requests,
    directory,
    now,
    onUnfinished: (_id, cause) => report(cause, 'an approved change could not be made yet'),
  });
  const governing = createGovernance({ governance, requests, directory, runner: requesting.runner, changes, now });
  const delivery = { current: undefined as ReturnType<typeof startDelivery> | undefined };
  const governsKey = createGovernsKey(directory, { policies: governance, wallets });
  const commands = createKeys({
    keys,
    directory,
    custodies,
    now,
    governsKey: async (key) =>
      (await governsKey(key)) ?? ((await store.policies.effective(key)) === undefined ? undefined : 'of rule servers'),
    allowInlineSign: parts.allowInlineSign,
  });
  const identity = {
    identities,
    directory,
    keys,
    now,
    governed: changes,
    renderClaims: parts.renderClaims,
  };

  const services = guardServices({
    sessions: createSessions({ directory, identities, now, sessionSeconds: parts.sessionSeconds }),
    keys: commands,
    threshold: parts.threshold,
    principals: createPrincipals({ directory, keys, now, isGoverned: createIsGoverned(directory, governance) }),
    policies: createPolicies({
      policies: store.policies,
      directory,
      keys,
      threshold: store.threshold,
      refuseUrl: parts.refuseUrl,
      now,
    }),
    requests: requesting.requests,
    governance: governing,
    identities: createIdentities(identity),
    registration: createRegistration({ ...identity, passkeys: parts.passkeys, decoyKey: parts.decoyKey }),
    userActions: createUserActions({
      identities,
      passkeys: parts.passkeys,
      approvalDigest: async (accountId, id) => (await requests.findApproval(accountId, id))?.subjectDigest,
      record: (event) => store.log.appendEvent(event),
      now,
    }),
    wallets: createWallets({ wallets, keys: commands, keyStore: keys, directory, now }),
    webhooks: createWebhooks({
      store: store.webhooks,
      sender: parts.webhookSender,
      now,
      wake: () => delivery.current?.wake(),
    }),
    logs: createLogs(store.log),
    signBatch: createSignBatch(signing),
    verifyBatch: createVerifyBatch({ keys, directory, verifier, observe: parts.observeVerification }),
    canSign: parts.canSign,
  });

  const timers: NodeJS.Timeout[] = [];
  const every = (ms: number, what: string, work: () => Promise<unknown>): void => {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      work()
        .catch((error: unknown) => report(error, what))
        .finally(() => {
          isRunning = false;
        });
    }, ms);
    timer.unref();
    timers.push(timer);
  };

  return {
    services,
    async start() {
      delivery.current = startDelivery({
        store: store.webhooks,
        sender: parts.webhookSender,
        now,
        onFault: (error) => report(error, 'events could not be sent'),
      });
      every(SWEEP_EVERY_MS, 'expired approvals could not be ended', () => governing.expireDue(now()));
      every(RESUME_CHANGES_EVERY_MS, 'approved changes could not be made', () => changes.resume());
      await changes.resume();
      return requesting.runner.resume();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      requesting.stop();
      await delivery.current?.stop();
    },
  };
}
