/**
 * The system calls that a sealed process keeps, and their numbers. An allow-list: what isn't named here is refused,
 * the calls of future kernels included. Found by running V8, libuv, libsodium and OpenSSL under it (garbage
 * collection, new threads, abort); the test beside the keeper repeats that.
 *
 * Numbers are the kernel's ABI (asm/unistd_64.h for x86-64, asm-generic/unistd.h for arm64).
 */

/** A test of one argument, on its low 32 bits (every argument tested here is an int or a flag word to the kernel). */
export type ArgumentTest =
  | { readonly argument: number; readonly oneOf: readonly number[] }
  | { readonly argument: number; readonly allBits: number }
  /** The whole 64-bit word is zero: a null pointer. */
  | { readonly argument: number; readonly isNull: true };

export interface AllowedCall {
  readonly name: SyscallName;
  /** All must hold; else the call is refused. */
  readonly when?: readonly ArgumentTest[];
}

const CLONE_VM = 0x100;
const CLONE_SIGHAND = 0x800;
const CLONE_THREAD = 0x10000;
const FIONBIO = 0x5421;
const TCGETS = 0x5401;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const PR_GET_DUMPABLE = 3;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const PR_GET_SECCOMP = 21;
const PR_GET_NO_NEW_PRIVS = 39;
/** Names an anonymous mapping; V8 and glibc do it, and it gives nothing. */
const PR_SET_VMA = 0x53564d41;

/**
 * The list, most frequent first.
 *
 * `sendmsg` and `recvmsg` are missing on purpose: libuv needs them only to pass descriptors, so nobody can hand a
 * sealed process an open file or socket. `mmap` and `mprotect` stay whole: V8's compiler needs executable pages.
 */
export function allowedCalls(processId: number): readonly AllowedCall[] {
  return [
    { name: 'read' },
    { name: 'write' },
    { name: 'epoll_pwait' },
    { name: 'epoll_wait' },
    { name: 'epoll_pwait2' },
    { name: 'futex' },
    { name: 'readv' },
    { name: 'writev' },
    { name: 'epoll_ctl' },
    { name: 'madvise' },
    { name: 'mmap' },
    { name: 'munmap' },
    { name: 'mprotect' },
    { name: 'mremap' },
    { name: 'brk' },
    { name: 'mincore' },
    { name: 'mlock' },
    { name: 'mlock2' },
    { name: 'munlock' },
    { name: 'pkey_alloc' },
    { name: 'pkey_free' },
    { name: 'pkey_mprotect' },
    { name: 'getrandom' },
    { name: 'clock_gettime' },
    { name: 'clock_getres' },
    { name: 'clock_nanosleep' },
    { name: 'nanosleep' },
    { name: 'gettimeofday' },
    { name: 'time' },
    { name: 'times' },
    { name: 'poll' },
    { name: 'ppoll' },
    { name: 'close' },
    { name: 'fstat' },
    { name: 'lseek' },
    { name: 'shutdown' },
    { name: 'rt_sigaction' },
    { name: 'rt_sigprocmask' },
    { name: 'rt_sigreturn' },
    { name: 'sigaltstack' },
    { name: 'restart_syscall' },
    { name: 'sched_yield' },
    { name: 'sched_getaffinity' },
    { name: 'getcpu' },
    { name: 'membarrier' },
    { name: 'rseq' },
    { name: 'set_robust_list' },
    { name: 'getpid' },
    { name: 'gettid' },
    { name: 'getuid' },
    { name: 'geteuid' },
    { name: 'getgid' },
    { name: 'getegid' },
    { name: 'getrusage' },
    { name: 'sysinfo' },
    { name: 'uname' },
    { name: 'exit' },
    { name: 'exit_group' },
    // Threads of this process only: no fork, no vfork, no new namespace.
    { name: 'clone', when: [{ argument: 0, allBits: CLONE_VM | CLONE_SIGHAND | CLONE_THREAD }] },
    // abort() signals its own process; nobody else can be signalled.
    { name: 'tgkill', when: [{ argument: 0, oneOf: [processId] }] },
    { name: 'ioctl', when: [{ argument: 1, oneOf: [FIONBIO, TCGETS] }] },
    { name: 'fcntl', when: [{ argument: 1, oneOf: [F_GETFD, F_SETFD, F_GETFL, F_SETFL] }] },
    {
      name: 'prctl',
      when: [
        {
          argument: 0,
          oneOf: [PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS],
        },
      ],
    },
    // Reading a limit, never setting one.
    { name: 'prlimit64', when: [{ argument: 2, isNull: true }] },
  ];
}

/**
 * Refused with ENOSYS instead of EPERM: glibc then falls back to `clone`, whose flags a filter can read (those of
 * `clone3` lie behind a pointer).
 */
export const ABSENT_CALLS = ['clone3'] as const satisfies readonly SyscallName[];

/** `undefined`: the architecture doesn't have that call. */
interface SyscallNumbers {
  readonly x64: number;
  readonly arm64: number | undefined;
}

export const SYSCALLS = {
  brk: { x64: 12, arm64: 214 },
  clock_getres: { x64: 229, arm64: 114 },
  clock_gettime: { x64: 228, arm64: 113 },
  clock_nanosleep: { x64: 230, arm64: 115 },
  clone: { x64: 56, arm64: 220 },
  clone3: { x64: 435, arm64: 435 },
  close: { x64: 3, arm64: 57 },
  epoll_ctl: { x64: 233, arm64: 21 },
  epoll_pwait: { x64: 281, arm64: 22 },
  epoll_pwait2: { x64: 441, arm64: 441 },
  epoll_wait: { x64: 232, arm64: undefined },
  exit: { x64: 60, arm64: 93 },
  exit_group: { x64: 231, arm64: 94 },
  fcntl: { x64: 72, arm64: 25 },
  fstat: { x64: 5, arm64: 80 },
  futex: { x64: 202, arm64: 98 },
  getcpu: { x64: 309, arm64: 168 },
  getegid: { x64: 108, arm64: 177 },
  geteuid: { x64: 107, arm64: 175 },
  getgid: { x64: 104, arm64: 176 },
  getpid: { x64: 39, arm64: 172 },
  getrandom: { x64: 318, arm64: 278 },
  getrusage: { x64: 98, arm64: 165 },
  gettid: { x64: 186, arm64: 178 },
  gettimeofday: { x64: 96, arm64: 169 },
  getuid: { x64: 102, arm64: 174 },
  ioctl: { x64: 16, arm64: 29 },
  lseek: { x64: 8, arm64: 62 },
  madvise: { x64: 28, arm64: 233 },
  membarrier: { x64: 324, arm64: 283 },
  mincore: { x64: 27, arm64: 232 },
  mlock: { x64: 149, arm64: 228 },
  mlock2: { x64: 325, arm64: 284 },
  mmap: { x64: 9, arm64: 222 },
  mprotect: { x64: 10, arm64: 226 },
  mremap: { x64: 25, arm64: 216 },
  munlock: { x64: 150, arm64: 229 },
  munmap: { x64: 11, arm64: 215 },
  nanosleep: { x64: 35, arm64: 101 },
  pkey_alloc: { x64: 330, arm64: 289 },
  pkey_free: { x64: 331, arm64: 290 },
  pkey_mprotect: { x64: 329, arm64: 288 },
  poll: { x64: 7, arm64: undefined },
  ppoll: { x64: 271, arm64: 73 },
  prctl: { x64: 157, arm64: 167 },
  prlimit64: { x64: 302, arm64: 261 },
  read: { x64: 0, arm64: 63 },
  readv: { x64: 19, arm64: 65 },
  restart_syscall: { x64: 219, arm64: 128 },
  rseq: { x64: 334, arm64: 293 },
  rt_sigaction: { x64: 13, arm64: 134 },
  rt_sigprocmask: { x64: 14, arm64: 135 },
  rt_sigreturn: { x64: 15, arm64: 139 },
  sched_getaffinity: { x64: 204, arm64: 123 },
  sched_yield: { x64: 24, arm64: 124 },
  set_robust_list: { x64: 273, arm64: 99 },
  shutdown: { x64: 48, arm64: 210 },
  sigaltstack: { x64: 131, arm64: 132 },
  sysinfo: { x64: 99, arm64: 179 },
  tgkill: { x64: 234, arm64: 131 },
  time: { x64: 201, arm64: undefined },
  times: { x64: 100, arm64: 153 },
  uname: { x64: 63, arm64: 160 },
  write: { x64: 1, arm64: 64 },
  writev: { x64: 20, arm64: 66 },
} as const satisfies Record<string, SyscallNumbers>;

export type SyscallName = keyof typeof SYSCALLS;
