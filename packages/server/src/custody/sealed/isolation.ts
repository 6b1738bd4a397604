/**
 * The last thing a sealed process does before it serves: it gives up everything that it no longer needs.
 *
 * Node's permission model stops JavaScript; native code (an engine with a memory fault, FFI) isn't bound by it.
 * Therefore on Linux the kernel is told too: unreadable to others (dumpable = 0), no new privileges, and a seccomp
 * allow-list for all threads, under which no descriptor can be made: no socket, no file (not even for reading), no
 * process. What is left: computing, the channel, standard error, and descriptors 0 to 4.
 *
 * Not covered: memory and CPU time have no bound; executable memory can still be made (V8 compiles); the channel's
 * other end sees whatever is written to it.
 */
import koffi from 'koffi';
import { compileFilter, type FilterArchitecture } from './isolation-filter.ts';
import { denyMemoryAccess } from './isolation-memory.ts';
import { allowedCalls } from './isolation-syscalls.ts';

export type IsolationReport =
  | { readonly isolation: 'strong' }
  /** Only Node's permission model. The reason is for the log line "weak isolation". */
  | { readonly isolation: 'weak'; readonly reason: string };

const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_SECCOMP = 21;
const SECCOMP_MODE_FILTER = 2;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SYS_SECCOMP: Readonly<Record<FilterArchitecture, number>> = { x64: 317, arm64: 277 };
const EPERM = 1;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const AT_FDCWD = -100;

/**
 * Seals this process for good. Call it once, when every module, engine and library is loaded: afterwards nothing
 * can be imported, opened or started, and `process.memoryUsage()` and `fs` fail.
 *
 * @throws Error when the kernel took the filter and yet lets a probe through: the process must not serve then
 */
export function sealProcess(): IsolationReport {
  loadLazyParts();
  dropPermissions();
  if (process.platform !== 'linux') {
    return { isolation: 'weak', reason: `no system call filter on ${process.platform}` };
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    denyMemoryAccess();
    return { isolation: 'weak', reason: `no system call filter for ${process.arch}` };
  }
  denyMemoryAccess();
  return installFilter(process.arch);
}

function installFilter(architecture: FilterArchitecture): IsolationReport {
  const libc = koffi.load(null);
  const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)') as (
    option: number,
    a2: number,
    a3: number,
    a4: number,
    a5: number,
  ) => number;
  const program = koffi.struct({ len: 'uint16_t', filter: 'void *' });
  const syscall = libc.func('syscall', 'long', ['long', 'unsigned long', 'unsigned long', koffi.pointer(program)]) as (
    number: number,
    operation: number,
    flags: number,
    program: { len: number; filter: Uint8Array },
  ) => number;
  // Bound before the filter: symbol lookups may need calls that are gone afterwards.
  const socket = libc.func('int socket(int, int, int)') as (domain: number, type: number, protocol: number) => number;
  const openat = libc.func('int openat(int, const char *, int)') as (
    directory: number,
    path: string,
    flags: number,
  ) => number;

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) {
    return { isolation: 'weak', reason: `no_new_privs was refused (errno ${koffi.errno()})` };
  }
  const filter = compileFilter(architecture, allowedCalls(process.pid));
  const len = filter.length / 8;
  // TSYNC: V8's and libuv's threads exist already and are bound too. A positive answer is a thread that couldn't be.
  const result = syscall(SYS_SECCOMP[architecture], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {
    len,
    filter,
  });
  if (result !== 0) {
    return { isolation: 'weak', reason: `the system call filter was refused (${result}, errno ${koffi.errno()})` };
  }

  const isRefused = (descriptor: number): boolean => descriptor === -1 && koffi.errno() === EPERM;
  if (
    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) !== SECCOMP_MODE_FILTER ||
    !isRefused(socket(AF_UNIX, SOCK_STREAM, 0)) ||
    !isRefused(openat(AT_FDCWD, '/dev/null', 0))
  ) {
    throw new Error('the system call filter is in place but does not hold');
  }
  return { isolation: 'strong' };
}

/** JavaScript's share: no addon can be loaded and no file read any more, where the permission model is on. */
function dropPermissions(): void {
  // The property exists only under --permission; the keeper always sets it, tests of single parts don't.
  const permission: NodeJS.Process['permission'] | undefined = process.permission;
  if (permission === undefined) return;
  permission.drop('addon');
  permission.drop('fs.read');
}

/** Touches what Node makes on first use and could not make later. */
function loadLazyParts(): void {
  void process.stderr.fd;
  void new Date(0).toString();
  void Intl.DateTimeFormat().resolvedOptions().timeZone;
}
