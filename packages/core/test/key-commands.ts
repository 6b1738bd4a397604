/** The commands on keys over small stores, and a custody whose keys are a few bytes long: what is tested are the commands. */
import { hash } from 'node:crypto';
import type { GoverningPolicy } from '../src/governance/governing-policy.ts';
import { createGovernsKey } from '../src/governance/governs-key.ts';
import { type GroupId, newId } from '../src/ids.ts';
import { installOnce } from '../src/install.ts';
import { createKeys, type Keys, type NewKey } from '../src/keys.ts';
import type { Custody, SealingTerms } from '../src/ports/custody.ts';
import type { Caller, Grant, Principal } from '../src/principal.ts';
import { createSessions } from '../src/sessions.ts';
import { inMemoryDirectory } from './in-memory-directory.ts';
import { inMemoryKeys } from './in-memory-keys.ts';

export const P256: NewKey = {
  name: 'a key',
  description: '',
  groupId: undefined,
  algorithm: 'ecdsa-p256',
  parameters: {},
  custody: 'vault',
  persistence: 'stored',
  operations: ['sign', 'verify'],
  exportable: false,
  enabled: true,
  state: 'active',
  deterministicSignatures: undefined,
  allowSignDigest: true,
  verifyAfterSign: false,
  dialectAttributes: {},
};

/** A key that may have children. */
export const MASTER: NewKey = { ...P256, name: 'a master', algorithm: 'ecdsa-secp256k1', master: true };

export interface KeyCommands {
  readonly keys: Keys;
  readonly store: ReturnType<typeof inMemoryKeys>;
  readonly directory: ReturnType<typeof inMemoryDirectory>;
  /** What the custody was given to seal, in order. */
  readonly sealed: SealingTerms[];
  /** Active ones. */
  readonly policies: GoverningPolicy[];
  readonly administrator: Caller;
  readonly groupId: GroupId;
  /** The administrator with other grants. */
  callerWith(...grants: readonly Grant[]): Caller;
  /** Somebody else, whom the directory knows. */
  person(changes?: Partial<Principal>, ...grants: readonly Grant[]): Promise<Caller>;
}

export async function keyCommands(): Promise<KeyCommands> {
  const directory = inMemoryDirectory();
  const installation = await installOnce(directory, undefined, 0);
  const store = inMemoryKeys();
  const sealed: SealingTerms[] = [];
  const policies: GoverningPolicy[] = [];
  const keys = createKeys({
    keys: store,
    directory,
    custodies: new Map([
      ['vault', digestCustody(sealed)],
      ['still', withoutTransfers(digestCustody(sealed))],
    ]),
    now: () => 7,
    governsKey: createGovernsKey(directory, {
      policies: { cached: (_account, build) => build(policies) },
      wallets: { ofKeys: (_account, ids) => ids.map(() => []) },
    }),
    allowInlineSign: false,
  });
  const sessions = createSessions({
    directory,
    identities: { tokenByDigest: () => Promise.resolve(undefined), findRole: () => Promise.resolve(undefined) },
    now: () => 7,
    sessionSeconds: 60,
  });
  const administrator = await sessions.authenticateApiKey(installation?.apiKeyText ?? '', 'test');
  const callerWith = (...grants: readonly Grant[]): Caller => ({
    ...administrator,
    principal: { ...administrator.principal, grants },
  });
  return {
    keys,
    store,
    directory,
    sealed,
    policies,
    administrator,
    groupId: installation?.groupId ?? newId<GroupId>(),
    callerWith,
    async person(changes = {}, ...grants) {
      const principal: Principal = { ...administrator.principal, id: newId(), kind: 'user', grants, ...changes };
      await directory.insertPrincipal(principal, undefined, 7);
      return { ...administrator, principal };
    },
  };
}

/** "Seals" nothing; a child's public key is a digest of its parent's and the path. */
function digestCustody(sealed: SealingTerms[]): Custody {
  const unused = (): never => {
    throw new Error('not part of these tests');
  };
  const pair = (terms: SealingTerms, publicKey: Uint8Array, parameters = {}) => {
    sealed.push(terms);
    return { sealed: Uint8Array.of(1, 2, 3), publicKey, parameters };
  };
  return {
    name: 'vault',
    sign: unused,
    generate: async (terms, parameters) => pair(terms, digestOf(terms.keyId), parameters),
    importKey: async (terms) => pair(terms, new Uint8Array(65)),
    transfers: {
      importPublicKey: async () => new Uint8Array(32).fill(9),
      importEncrypted: async (terms, { ciphertext }) => pair(terms, ciphertext),
      exportEncrypted: async (key, recipient) => ({ enc: recipient, ciphertext: key.publicKey }),
      deriveChild: async (parent, path, terms) =>
        pair(terms, digestOf(`${Buffer.from(parent.publicKey).toString('hex')}/${path.join('/')}`), parent.parameters),
    },
  };
}

function withoutTransfers({ sign, generate, importKey }: Custody): Custody {
  return { name: 'still', sign, generate, importKey };
}

function digestOf(text: string): Uint8Array {
  return Uint8Array.from(hash('sha256', text, 'buffer'));
}
