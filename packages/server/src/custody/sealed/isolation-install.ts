/** Loads native code, so only the keeper and the sealed processes import this file. */
import koffi from 'koffi';
import { compileFilter, type FilterArchitecture, type FilterRule, type FilterVerdict } from './isolation-filter.ts';

const PR_GET_SECCOMP = 21;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SYS_SECCOMP: Readonly<Record<FilterArchitecture, number>> = { x64: 317, arm64: 277 };

type Prctl = (option: number, a2: number, a3: number, a4: number, a5: number) => number;
type SeccompCall = (
  number: number,
  operation: number,
  flags: number,
  program: { len: number; filter: Uint8Array },
) => number;

/**
 * Sets no_new_privs and puts a filter on every thread of this process and on whatever it starts from now on
 * (seccomp(2)). Filters only add up; none is ever removed.
 *
 * @returns why it couldn't be done, or undefined when it holds
 */
export function installFilter(rules: readonly FilterRule[], otherwise: FilterVerdict): string | undefined {
  if (process.platform !== 'linux') return `no system call filter on ${process.platform}`;
  const architecture = process.arch;
  if (architecture !== 'x64' && architecture !== 'arm64') return `no system call filter for ${architecture}`;

  const libc = koffi.load(null);
  const prctl = libc.func('prctl', 'int', ['int', ...Array<string>(4).fill('unsigned long')]) as Prctl;
  const program = koffi.struct({ len: 'uint16_t', filter: 'void *' });
  const seccomp = libc.func('syscall', 'long', [
    'long',
    'unsigned long',
    'unsigned long',
    koffi.pointer(program),
  ]) as SeccompCall;

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) return `no_new_privs was refused (errno ${koffi.errno()})`;
  const filter = compileFilter(architecture, rules, otherwise);
  // TSYNC: V8's and libuv's threads exist already and are bound too. A positive answer is a thread that couldn't be.
  const result = seccomp(SYS_SECCOMP[architecture], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {
    len: filter.length / 8,
    filter,
  });
  if (result !== 0) return `the system call filter was refused (${result}, errno ${koffi.errno()})`;
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) !== SECCOMP_MODE_FILTER) return 'the system call filter did not take';
  return undefined;
}
