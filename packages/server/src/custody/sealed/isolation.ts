/**
 * The last thing a sealed process does before it serves: it gives up everything that it no longer needs.
 *
 * Node's permission model stops JavaScript; native code (an engine with a memory fault, FFI) isn't bound by it.
 * Therefore on Linux the kernel is told too: unreadable to others (dumpable = 0), no new privileges, and a seccomp
 * allow-list for all threads, under which no descriptor can be made: no socket, no file (not even for reading), no
 * process. What is left: computing, the channel, standard error.
 *
 * Not covered: memory and CPU time have no bound; executable memory can still be made (V8 compiles); the channel's
 * other end sees whatever is written to it.
 */
import koffi from 'koffi';
import type { FilterRule } from './isolation-filter.ts';
import { installFilter } from './isolation-install.ts';
import { denyMemoryAccess } from './isolation-memory.ts';
import { sealedRules } from './isolation-rules.ts';
import { SYSCALLS } from './isolation-syscalls.ts';

export type IsolationReport =
  | { readonly isolation: 'strong' }
  /** More than Node's permission model couldn't be had. The reason is for the log line "weak isolation". */
  | { readonly isolation: 'weak'; readonly reason: string };

const EPERM = 1;
const ENOSYS = 38;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const AT_FDCWD = -100;

type SocketFunction = (domain: number, type: number, protocol: number) => number;
type OpenatFunction = (directory: number, path: string, flags: number) => number;
type SyscallFunction = (number: number, a1: number, a2: number) => number;

/**
 * Seals this process for good. Call it once, when every module, engine and library is loaded: afterwards nothing
 * can be imported, opened or started, and `process.memoryUsage()` and `fs` fail.
 *
 * @throws Error when the kernel took the filter and yet lets a probe through: the process must not serve then
 */
export function sealProcess(): IsolationReport {
  loadLazyParts();
  dropPermissions();
  denyMemoryAccess();
  if (process.platform !== 'linux') {
    return { isolation: 'weak', reason: `no system call filter on ${process.platform}` };
  }

  // Bound before the filter: a symbol look-up may need calls that are gone afterwards.
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int, int, int)') as SocketFunction;
  const openat = libc.func('int openat(int, const char *, int)') as OpenatFunction;

  const exit = libc.func('void _exit(int)') as (status: number) => void;

  const usesRing = canMakeRing();
  const reason = installFilter([...sealedRules(process.pid), ...(usesRing ? RING_RULES : [])], 'refuse');
  if (reason !== undefined) return { isolation: 'weak', reason };

  const isRefused = (descriptor: number): boolean => descriptor === -1 && koffi.errno() === EPERM;
  if (!isRefused(socket(AF_UNIX, SOCK_STREAM, 0)) || !isRefused(openat(AT_FDCWD, '/dev/null', 0))) {
    throw new Error('the system call filter is in place but does not hold');
  }
  // Without the exit handlers of native libraries: one was seen waiting for a lock for ever, and an orphan would stay.
  process.on('exit', (status) => exit(status));
  if (usesRing) return { isolation: 'weak', reason: 'not started by the keeper: its event loop needs io_uring' };
  return { isolation: 'strong' };
}

/**
 * libuv registers descriptors through an io_uring of its own where the kernel has that, whatever UV_USE_IO_URING says,
 * and aborts when the ring stops answering. A ring also opens files and sockets behind a filter's back. So the keeper
 * forbids rings before it starts anyone (`keeper/family-filter.ts`), and libuv takes epoll from the beginning. A
 * sealed process that was started otherwise (by a test, by hand) has to keep its ring, and says so.
 */
const RING_RULES: readonly FilterRule[] = [{ name: 'io_uring_enter', verdict: 'allow' }];

function canMakeRing(): boolean {
  const syscall = koffi.load(null).func('long syscall(long, long, long)') as SyscallFunction;
  const number = SYSCALLS.io_uring_setup[process.arch === 'arm64' ? 'arm64' : 'x64'];
  // No entries and no parameters: always an error, and only its number is of interest.
  return syscall(number, 0, 0) === -1 && koffi.errno() !== ENOSYS && koffi.errno() !== EPERM;
}

/** JavaScript's share: no addon can be loaded and no file read any more, where the permission model is on. */
function dropPermissions(): void {
  // The property exists only under --permission; the keeper always sets it, tests of single parts don't.
  const permission: NodeJS.ProcessPermission | undefined = process.permission;
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
