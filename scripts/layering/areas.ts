/**
 * The dependency rule of docs/architecture.md as data: what each part of the source may import. Anything that isn't
 * allowed here is forbidden, and so is a source file that belongs to no area: a new package or folder starts by
 * being named here.
 */
export interface Area {
  readonly name: string;
  /** Regular expression over the path from the repository's root. Every source file matches exactly one. */
  readonly path: string;
  /** Names of the areas that it may import, besides itself. */
  readonly mayImport: readonly string[];
  /** Areas that it may reach by `import()` alone, so that nothing is loaded before it is asked for. */
  readonly mayLoad?: readonly string[];
  /** May load native code: koffi, sodium-native, secp256k1. */
  readonly native?: true;
  /** May use Node's modules for files, sockets, processes and databases. */
  readonly effects?: true;
  /** A path in the area, where the test plants its violations. */
  readonly sample: string;
}

export const NATIVE_PACKAGES: readonly string[] = ['koffi', 'sodium-native', 'secp256k1'];

/** Modules of Node through which code reaches the world. */
export const EFFECT_MODULES: readonly string[] = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'http',
  'http2',
  'https',
  'inspector',
  'net',
  'repl',
  'sqlite',
  'tls',
  'worker_threads',
];

const server = 'packages/server/src';
/** Locked memory and the kernel's randomness; the keeper needs them for the root key. */
const SECRETS = '(secret-memory|kernel-randomness|sodium-native\\.d)\\.ts$';
/** Native parts that several engines share. */
const ENGINE_PARTS = '(child-derivation|ec-scalar|ed25519-public-key|secret-hash)\\.ts$';

export const AREAS: readonly Area[] = [
  {
    name: 'algorithms',
    path: `^packages/algorithms/src/(?!engines/|${SECRETS}|${ENGINE_PARTS})`,
    mayImport: [],
    mayLoad: ['engines'],
    sample: 'packages/algorithms/src/plant.ts',
  },
  {
    name: 'engines',
    path: `^packages/algorithms/src/(engines/|${ENGINE_PARTS})`,
    mayImport: ['algorithms', 'secrets'],
    native: true,
    effects: true,
    sample: 'packages/algorithms/src/engines/plant.ts',
  },
  {
    name: 'secrets',
    path: `^packages/algorithms/src/${SECRETS}`,
    mayImport: [],
    native: true,
    sample: 'packages/algorithms/src/secret-memory.ts',
  },
  {
    name: 'threshold',
    path: '^packages/threshold/src/(?!engines/)',
    mayImport: ['algorithms'],
    sample: 'packages/threshold/src/plant.ts',
  },
  {
    name: 'threshold-engines',
    path: '^packages/threshold/src/engines/',
    mayImport: ['threshold', 'algorithms', 'engines', 'secrets'],
    native: true,
    effects: true,
    sample: 'packages/threshold/src/engines/plant.ts',
  },
  {
    name: 'chains',
    path: '^packages/chains/src/',
    mayImport: [],
    sample: 'packages/chains/src/plant.ts',
  },
  {
    name: 'client',
    path: '^packages/client/src/',
    mayImport: [],
    sample: 'packages/client/src/plant.ts',
  },
  {
    name: 'core',
    path: '^packages/core/src/',
    mayImport: ['algorithms', 'chains'],
    sample: 'packages/core/src/plant.ts',
  },
  {
    name: 'config',
    path: `^${server}/config/`,
    mayImport: ['core'],
    effects: true,
    sample: `${server}/config/plant.ts`,
  },
  {
    name: 'telemetry',
    path: `^${server}/telemetry/`,
    mayImport: [],
    effects: true,
    sample: `${server}/telemetry/plant.ts`,
  },
  {
    name: 'storage',
    path: `^${server}/storage/`,
    mayImport: ['core', 'algorithms', 'chains', 'telemetry'],
    effects: true,
    sample: `${server}/storage/plant.ts`,
  },
  {
    name: 'custody',
    path: `^${server}/custody/(?!sealed/)`,
    mayImport: ['core', 'algorithms', 'threshold', 'telemetry'],
    effects: true,
    sample: `${server}/custody/plant.ts`,
  },
  {
    name: 'sealed',
    path: `^${server}/custody/sealed/`,
    mayImport: ['custody', 'core', 'algorithms', 'engines', 'secrets', 'threshold', 'threshold-engines'],
    native: true,
    effects: true,
    sample: `${server}/custody/sealed/plant.ts`,
  },
  {
    name: 'relay',
    path: `^${server}/relay/`,
    mayImport: ['core', 'telemetry'],
    effects: true,
    sample: `${server}/relay/plant.ts`,
  },
  {
    name: 'outbound',
    path: `^${server}/outbound/`,
    mayImport: ['core', 'telemetry'],
    effects: true,
    sample: `${server}/outbound/plant.ts`,
  },
  {
    name: 'passkeys',
    path: `^${server}/passkeys/`,
    mayImport: ['core'],
    sample: `${server}/passkeys/plant.ts`,
  },
  {
    name: 'webhooks',
    path: `^${server}/webhooks/`,
    mayImport: ['core', 'dialects', 'outbound', 'telemetry'],
    sample: `${server}/webhooks/plant.ts`,
  },
  {
    name: 'prices',
    path: `^${server}/prices/`,
    mayImport: ['core', 'chains', 'telemetry'],
    effects: true,
    sample: `${server}/prices/plant.ts`,
  },
  {
    name: 'dialects',
    path: `^${server}/dialects/`,
    mayImport: ['core', 'algorithms', 'chains', 'telemetry'],
    sample: `${server}/dialects/dsm/plant.ts`,
  },
  {
    name: 'http',
    path: `^${server}/http/`,
    mayImport: ['dialects', 'core', 'telemetry'],
    effects: true,
    sample: `${server}/http/plant.ts`,
  },
  {
    name: 'keeper',
    path: `^${server}/keeper/`,
    mayImport: ['config', 'custody', 'sealed', 'core', 'telemetry', 'secrets'],
    native: true,
    effects: true,
    sample: `${server}/keeper/plant.ts`,
  },
  {
    name: 'cli',
    path: `^${server}/cli/`,
    mayImport: ['config', 'keeper', 'telemetry', 'storage', 'relay', 'core', 'algorithms', 'client'],
    mayLoad: ['threshold-engines'],
    effects: true,
    sample: `${server}/cli/plant.ts`,
  },
  {
    name: 'main',
    path: `^${server}/main\\.ts$`,
    mayImport: ['cli'],
    sample: `${server}/main.ts`,
  },
  {
    name: 'http-main',
    path: `^${server}/(http-main|compose-[a-z-]+)\\.ts$`,
    mayImport: [
      'http',
      'dialects',
      'storage',
      'custody',
      'relay',
      'outbound',
      'passkeys',
      'webhooks',
      'prices',
      'core',
      'algorithms',
      'chains',
      'config',
      'telemetry',
      'keeper',
    ],
    effects: true,
    sample: `${server}/http-main.ts`,
  },
];
