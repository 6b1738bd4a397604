/**
 * The rule that a stolen bearer token must not find an easier door: whoever has credentials proves every change and every
 * signature with one, through whichever dialect it comes. It stands around the commands, where no dialect can pass it by.
 */
import { DomainError } from './domain-error.ts';
import type { Caller } from './principal.ts';
import type { Services } from './services.ts';

/**
 * `change`: something is different afterwards, is signed, or leaves the service; a caller that `requiresProof` must have
 * proven this request. `read`: nothing is. `open`: part of proving oneself, or without a caller.
 */
export type CommandKind = 'change' | 'read' | 'open';

/** A command can only be a change where it says who calls, and answers with a promise, which the refusal then is. */
type KindOf<Command> = Command extends (caller: Caller, ...rest: never[]) => Promise<unknown>
  ? CommandKind
  : Command extends (caller: Caller, ...rest: never[]) => unknown
    ? 'read' | 'open'
    : 'open';

/** Every command of every service: one that isn't classified doesn't compile. */
export type CommandKinds = {
  readonly [Name in keyof Services]: Services[Name] extends (...parameters: never[]) => unknown
    ? KindOf<Services[Name]>
    : {
        readonly [Command in keyof Services[Name] as Services[Name][Command] extends (...parameters: never[]) => unknown
          ? Command
          : never]: KindOf<Services[Name][Command]>;
      };
};

export const COMMAND_KINDS: CommandKinds = {
  sessions: {
    authenticateApiKey: 'open',
    authenticateToken: 'open',
    authenticateAccessToken: 'open',
    open: 'open',
    terminate: 'open',
  },
  keys: {
    generate: 'change',
    openInline: 'change',
    sealTransient: 'read',
    openTransient: 'read',
    find: 'read',
    list: 'read',
    remove: 'change',
    rename: 'change',
    delegate: 'change',
    deriveChild: 'change',
    importPublicKey: 'open',
    importEncrypted: 'change',
    exportEncrypted: 'change',
  },
  threshold: {
    createRoom: 'change',
    create: 'change',
    generate: 'change',
    generateInCluster: 'change',
    derivePublicKey: 'read',
    refresh: 'change',
    exportId: 'read',
    reshareExisting: 'change',
    reshareNew: 'change',
    importDeal: 'change',
    importReceive: 'change',
    exportFull: 'change',
    exportShare: 'change',
    importShare: 'change',
    persistentKeygenId: 'open',
    identityPublicKey: 'open',
    defineCluster: 'change',
    find: 'read',
    list: 'read',
    listAll: 'read',
    remove: 'change',
  },
  principals: {
    createUser: 'change',
    createApiKey: 'change',
    revokeApiKey: 'change',
    deleteUser: 'change',
    listUsers: 'read',
  },
  policies: {
    addExternalRule: 'change',
    listRules: 'read',
    deleteRule: 'change',
    createPolicy: 'change',
    listPolicies: 'read',
    deletePolicy: 'change',
    removeRuleFromPolicy: 'change',
    attachToKey: 'change',
    detachFromKey: 'change',
    attachToUser: 'change',
    detachFromUser: 'change',
    effectivePolicy: 'read',
  },
  requests: {
    create: 'change',
    get: 'read',
    list: 'read',
    confirm: 'change',
    cancel: 'change',
    waitFor: 'read',
  },
  governance: {
    createPolicy: 'change',
    getPolicy: 'read',
    listPolicies: 'read',
    updatePolicy: 'change',
    archivePolicy: 'change',
    pendingChange: 'read',
    getChange: 'read',
    getApproval: 'read',
    requestOf: 'read',
    listApprovals: 'read',
    decide: 'change',
  },
  identities: {
    createServiceAccount: 'change',
    createPersonalToken: 'change',
    getIdentity: 'read',
    listIdentities: 'read',
    setEnabled: 'change',
    setTokenActive: 'change',
    deleteToken: 'change',
    createRole: 'change',
    getRole: 'read',
    listRoles: 'read',
    updateRole: 'change',
    setRoleArchived: 'change',
    assignRole: 'change',
    listAssignments: 'read',
    revokeAssignment: 'change',
    listCredentials: 'read',
    setCredentialActive: 'change',
  },
  registration: {
    inviteUser: 'change',
    renewInvitation: 'change',
    beginRegistration: 'open',
    completeRegistration: 'open',
    beginLogin: 'open',
    completeLogin: 'open',
    // Ending one's own token early harms nobody, and must work without the credential at hand.
    logout: 'open',
    beginCredential: 'open',
    completeCredential: 'change',
  },
  userActions: {
    begin: 'open',
    complete: 'open',
    prove: 'open',
  },
  wallets: {
    create: 'change',
    get: 'read',
    list: 'read',
    ofKey: 'read',
  },
  webhooks: {
    create: 'change',
    get: 'read',
    list: 'read',
    update: 'change',
    rotateSecret: 'change',
    remove: 'change',
    ping: 'change',
    deliveries: 'read',
    delivery: 'read',
    replay: 'change',
  },
  logs: {
    checkpoint: 'read',
    entries: 'read',
    inclusionProof: 'read',
    consistencyProof: 'read',
  },
  signBatch: 'change',
  verifyBatch: 'read',
  canSign: 'open',
};

/**
 * The same commands; one that is a change rejects with `DomainError` `proof_required` for a caller that needs a proof and
 * has none. Only from outside: a command that uses another of its own service isn't asked twice. A proof is for one
 * request, in which a dialect may call several commands.
 */
export function guardServices(services: Services): Services {
  return {
    sessions: services.sessions,
    keys: guardCommands(services.keys, COMMAND_KINDS.keys),
    threshold: guardCommands(services.threshold, COMMAND_KINDS.threshold),
    principals: guardCommands(services.principals, COMMAND_KINDS.principals),
    policies: guardCommands(services.policies, COMMAND_KINDS.policies),
    requests: guardCommands(services.requests, COMMAND_KINDS.requests),
    governance: guardCommands(services.governance, COMMAND_KINDS.governance),
    identities: guardCommands(services.identities, COMMAND_KINDS.identities),
    registration: guardCommands(services.registration, COMMAND_KINDS.registration),
    userActions: services.userActions,
    wallets: guardCommands(services.wallets, COMMAND_KINDS.wallets),
    webhooks: guardCommands(services.webhooks, COMMAND_KINDS.webhooks),
    logs: guardCommands(services.logs, COMMAND_KINDS.logs),
    signBatch: (caller, items) => refusalOf(caller) ?? services.signBatch(caller, items),
    verifyBatch: services.verifyBatch,
    canSign: services.canSign,
  };
}

/** What isn't in the table can only be a fact, not a command; should one appear all the same, it is held to be a change. */
function guardCommands<Service extends object>(
  service: Service,
  kinds: Readonly<Partial<Record<PropertyKey, CommandKind>>>,
): Service {
  return new Proxy(service, {
    get(target, name) {
      const command: unknown = Reflect.get(target, name);
      if (typeof command !== 'function') return command;
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : 'change';
      // Bound to the service itself: what it calls of its own is past the guard.
      if (kind !== 'change') return (...parameters: unknown[]): unknown => Reflect.apply(command, target, parameters);
      return (caller: Caller, ...rest: unknown[]): unknown =>
        refusalOf(caller) ?? Reflect.apply(command, target, [caller, ...rest]);
    },
  });
}

function refusalOf({ principal, proof }: Caller): Promise<never> | undefined {
  if (!principal.requiresProof || proof !== undefined) return undefined;
  return Promise.reject(
    new DomainError('proof_required', 'sign this action with one of your credentials, and send it with its proof'),
  );
}
