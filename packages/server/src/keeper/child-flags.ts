/** How the keeper starts Node for each kind of process: the permission model, and what else is switched off. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SealedRole } from '../custody/frames.ts';

/** The project's folder: packages, node_modules, package.json. */
export const CODE_ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Never the root as a whole: the data folder is there by default. */
export const CODE_PATHS: readonly string[] = ['packages', 'node_modules', 'package.json'].map((name) =>
  join(CODE_ROOT, name),
);

const COMMON_FLAGS: readonly string[] = [
  '--permission',
  '--disable-warning=PERM0001',
  // No debugger by signal; it isn't opened by flags or NODE_OPTIONS either, since neither reaches a child.
  '--disable-sigusr1',
];

/**
 * A sealed process computes and holds little: V8's helper threads, and the arenas that malloc gives each of them, would
 * cost more memory than its keys (about 10 MB a process).
 */
const SEALED_MEMORY = ['--v8-pool-size=0', '--max-semi-space-size=2'];

/**
 * A party process makes points, nonces and frames by the thousand: with the little space of the others it collects
 * garbage for a fifth of its time (batches of 1,000: 520 us of it a signature, 450 with this).
 */
const PARTY_MEMORY = ['--v8-pool-size=0', '--max-semi-space-size=32'];

/**
 * The HTTP process makes garbage by the batch. Without these V8 lets its heap grow to several times of what lives before
 * it collects; with them it collects more often, for about half of the memory and a few per cent of its processor time.
 */
const HTTP_MEMORY = ['--max-semi-space-size=16', '--heap-growing-percent=50'];

/** Two packages look at /etc/alpine-release to tell glibc from musl. */
const SEALED_EXTRA_READS = ['/etc/alpine-release'];

/** No network, no writes, no child processes, no workers. Only these processes load native code. */
export function sealedFlags(role: SealedRole): readonly string[] {
  return [
    ...COMMON_FLAGS,
    '--allow-addons',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    ...(role === 'party' ? PARTY_MEMORY : SEALED_MEMORY),
    ...[...CODE_PATHS, ...SEALED_EXTRA_READS].map((path) => `--allow-fs-read=${path}`),
  ];
}

/**
 * Network, the code, and the database's folder. No native code, no child processes, no workers.
 *
 * @param extraReads files that the operator named, such as a TLS certificate and its key
 */
export function httpFlags(databaseDir: string, extraReads: readonly string[]): readonly string[] {
  return [
    ...COMMON_FLAGS,
    '--no-addons',
    ...HTTP_MEMORY,
    '--disable-warning=ExperimentalWarning',
    '--allow-net',
    ...[...CODE_PATHS, databaseDir, ...extraReads].map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${databaseDir}`,
  ];
}
